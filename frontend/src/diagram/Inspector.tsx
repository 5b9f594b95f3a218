// What a box stands for: its line of code, its statements, its findings, who calls it and whom it calls.
import { useEffect, useRef } from "preact/hooks";
import type { Box, View } from "../contract.ts";
import { count, ms, times } from "../format.ts";
import { useReport } from "../report.ts";
import { link } from "../router.ts";
import { Code, Figure, FindingLink, Html, PlaceText, SideTag } from "../ui/index.tsx";

const SHOWN_STATEMENTS = 6;

export function Inspector(props: { view: View; box: Box; left: boolean; onClose: () => void }) {
  const { view, box } = props;
  const { report } = useReport();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus({ preventScroll: true }), [box.id, view.id]);
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.key === "Escape") props.onClose();
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, [props.onClose]);

  const name = (id: string) => view.boxes.find((one) => one.id === id)?.title ?? id;
  const into = view.arrows.filter((arrow) => arrow.target === box.id);
  const from = view.arrows.filter((arrow) => arrow.source === box.id);
  const excerpt = box.code === null ? undefined : report.excerpts[box.code];
  const span = into.find((arrow) => arrow.spans.length > 0)?.spans[0];
  return (
    <aside class={`inspector ${props.left ? "left" : ""}`} aria-labelledby="inspector-title">
      <header>
        <div>
          <p class="secondary">
            {[box.word, box.kind === "component" ? "" : box.detail].filter(Boolean).join(" · ")} <SideTag side={view.side} />
          </p>
          <h2 id="inspector-title" ref={heading} tabIndex={-1}>
            {box.title}
          </h2>
        </div>
        <button type="button" onClick={props.onClose} aria-label="Close">
          ✕
        </button>
      </header>
      {box.description && <p>{box.description}</p>}
      {box.note && <p class="note">{box.note}</p>}
      {box.optional && <p class="note">Not seen to run in this request.</p>}
      {box.change === "removed" && <p class="note">Gone in the optimised version.</p>}
      {box.change === "added" && <p class="note">New in the optimised version.</p>}
      {(box.calls !== null || box.ms !== null) && (
        <dl class="figures">
          {box.ms !== null && <Figure value={ms(box.ms)} label="with what it calls" />}
          {box.calls !== null && <Figure value={times(box.calls)} label="calls" />}
          {box.statements.length > 0 && <Figure value={count(box.statements.length)} label={box.statements.length === 1 ? "statement" : "statements"} />}
        </dl>
      )}
      {box.findings.length > 0 && (
        <section>
          <h3>Findings</h3>
          <ul class="plain-list">
            {box.findings.map((id) => (
              <li key={id}>
                <FindingLink id={id} title />
              </li>
            ))}
          </ul>
        </section>
      )}
      {(excerpt || box.place !== null) && (
        <section>
          <h3>Code</h3>
          {excerpt ? <Code excerpt={excerpt} /> : <PlaceText index={box.place} />}
        </section>
      )}
      {box.statements.length > 0 && (
        <section>
          <h3>Queries</h3>
          {box.statements.slice(0, SHOWN_STATEMENTS).map((index) => {
            const statement = report.statements[index];
            return statement && <Html key={index} html={statement.sql_html} label={`${statement.operation} on ${statement.tables.join(", ")}`} />;
          })}
          {box.statements.length > SHOWN_STATEMENTS && (
            <p class="secondary">and {count(box.statements.length - SHOWN_STATEMENTS)} more in the waterfall</p>
          )}
        </section>
      )}
      {into.length + from.length > 0 && (
        <section>
          <h3>Calls</h3>
          <table class="numbers">
            <tbody>
              {[...into.map((arrow) => ({ arrow, text: `${name(arrow.source)} →` })), ...from.map((arrow) => ({ arrow, text: `→ ${name(arrow.target)}` }))].map(
                ({ arrow, text }) => (
                  <tr key={arrow.id}>
                    <th scope="row">
                      {text} <span class="secondary">{arrow.label}</span>
                    </th>
                    <td>{arrow.count > 0 ? times(arrow.count) : "–"}</td>
                    <td>{ms(arrow.ms)}</td>
                  </tr>
                ),
              )}
            </tbody>
          </table>
        </section>
      )}
      {box.folded.length > 0 && (
        <section>
          <h3>Folded into it</h3>
          <p class="mono">{box.folded.join(", ")}</p>
        </section>
      )}
      {span !== undefined && view.request && (
        <p>
          <a href={link("waterfall", view.request, view.side, `span-${span}`)}>Show it in the waterfall</a>
        </p>
      )}
    </aside>
  );
}
