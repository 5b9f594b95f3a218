import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Statement, Waterfall } from "../contract.ts";
import { count, percent, plural, times, us } from "../format.ts";
import { useReport } from "../report.ts";
import { go, link } from "../router.ts";
import { Code, Empty, Figure, FindingLink, Html, Panel, PlaceText, SIDES, TabList, usePrinting } from "../ui/index.tsx";
import { FlamePanel } from "../waterfall/Flame.tsx";
import { above, type Chip, filtered, hasBelow, isOpen, tree, visible } from "../waterfall/rows.ts";

const ROW = 24;
/** Rows drawn beyond the window, so that a quick scroll shows no hole. */
const MARGIN = 12;
const MOST_TICKS = 120;
const LIST_ROWS = 22;
/** On paper all rows stand below each other; more are a book that nobody wants to print. */
const MOST_PRINTED = 4_000;

const CHIPS: [Chip, string][] = [
  ["queries", "queries"],
  ["slow", "slow: 5 % or more"],
  ["critical", "on the critical path"],
  ["finding", "has a finding"],
];

export function WaterfallTab(props: { parts: string[] }) {
  const lookup = useReport();
  const { waterfalls } = lookup.report;
  const [id, side, what] = props.parts;
  const trace = lookup.waterfall(id ?? waterfalls[0]?.request, side);
  if (waterfalls.length === 0)
    return (
      <Empty command="subsecond audit MODULE:APP requests.http">No recorded run is in this report. Runs are recorded by an audit.</Empty>
    );
  if (!trace)
    return <Empty>{`No recorded run of “${lookup.name(id ?? "")}” is in this report.`}</Empty>;
  const ids = [...new Set(waterfalls.map((one) => one.request))];
  const sides = waterfalls.filter((one) => one.request === trace.request);
  return (
    <>
      <div class="subtabs-strip">
        <TabList
          label="Recorded requests"
          class="subtabs"
          controls="trace"
          selected={`trace-${trace.request}`}
          items={ids.map((one) => ({ id: `trace-${one}`, label: lookup.name(one), href: link("waterfall", one, trace.side) }))}
        />
      </div>
      <div id="trace" role="tabpanel" aria-labelledby={`tab-trace-${trace.request}`}>
        {sides.length > 1 && (
          <TabList
            label="Side"
            class="sides"
            controls="side"
            selected={`side-${trace.side}`}
            items={sides.map((one) => ({ id: `side-${one.side}`, label: SIDES[one.side], href: link("waterfall", one.request, one.side) }))}
          />
        )}
        <div id="side" role={sides.length > 1 ? "tabpanel" : undefined} aria-labelledby={sides.length > 1 ? `tab-side-${trace.side}` : undefined}>
          <Trace key={`${trace.request}/${trace.side}`} trace={trace} what={what ?? ""} />
        </div>
      </div>
    </>
  );
}

function Trace(props: { trace: Waterfall; what: string }) {
  const { trace, what } = props;
  const { report } = useReport();
  const rows = useMemo(() => tree(trace), [trace]);
  const [chips, setChips] = useState<ReadonlySet<Chip>>(new Set());
  const [toggled, setToggled] = useState<ReadonlySet<number>>(new Set());
  const [row, setRow] = useState(() => costliest(trace, rows));
  const [top, setTop] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const printing = usePrinting();
  const kept = useMemo(() => filtered(trace, rows, chips), [trace, rows, chips]);
  const shown = useMemo(() => visible(rows, toggled, kept), [rows, toggled, kept]);
  const marks = useMemo(() => {
    const found = new Map<number, string[]>();
    for (const [finding, spans] of Object.entries(trace.marks))
      for (const span of spans) found.set(span, [...(found.get(span) ?? []), finding]);
    return found;
  }, [trace]);

  const seek = (wanted: number) => {
    setRow(wanted);
    const index = shown.indexOf(wanted);
    const box = list.current;
    if (index < 0 || !box) return;
    if (index * ROW < box.scrollTop) box.scrollTop = index * ROW;
    else if ((index + 1) * ROW > box.scrollTop + box.clientHeight) box.scrollTop = (index + 1) * ROW - box.clientHeight;
  };
  const toggle = (one: number, open?: boolean) => {
    if (!hasBelow(rows, one) || open === isOpen(rows, toggled, one)) return;
    const next = new Set(toggled);
    if (!next.delete(one)) next.add(one);
    setToggled(next);
  };

  // A link to a span opens what hides it and brings it into sight.
  const span = /^span-(\d+)$/.exec(what)?.[1];
  useEffect(() => {
    const wanted = rows.rowOf[Number(span)];
    if (span === undefined || wanted === undefined || wanted < 0 || rows.span[row] === Number(span)) return;
    const over = above(rows, wanted);
    const fold = over.find((one) => (rows.times[one] as number) > 1);
    // The first of a fold stands for all of it: the closed fold is what a reader wants to see.
    if (fold !== undefined && rows.span[fold] === Number(span) && !toggled.has(fold)) setRow(fold);
    else {
      const next = new Set(toggled);
      for (const one of over) if (!isOpen(rows, next, one) && !next.delete(one)) next.add(one);
      setToggled(next);
      setRow(wanted);
    }
  }, [span, rows]);
  useEffect(() => {
    const index = shown.indexOf(row);
    if (list.current && span !== undefined && index >= 0) list.current.scrollTop = Math.max(0, index * ROW - list.current.clientHeight / 3);
  }, [span, rows, toggled]);

  const choose = (one: number) => {
    setRow(one);
    go(link("waterfall", trace.request, trace.side, `span-${rows.span[one]}`), true);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const index = shown.indexOf(row);
    const page = Math.floor((list.current?.clientHeight ?? ROW) / ROW);
    const moves: Record<string, number> = {
      ArrowDown: index + 1,
      ArrowUp: index - 1,
      PageDown: index + page,
      PageUp: index - page,
      Home: 0,
      End: shown.length - 1,
    };
    const move = moves[event.key];
    if (move !== undefined) seek(shown[Math.min(shown.length - 1, Math.max(0, move))] ?? 0);
    else if (event.key === "ArrowRight") toggle(row, true);
    else if (event.key === "ArrowLeft") {
      if (hasBelow(rows, row) && isOpen(rows, toggled, row)) toggle(row, false);
      else seek(above(rows, row).at(-1) ?? row);
    } else if (event.key === "Enter" || event.key === " ") {
      if ((rows.times[row] as number) > 1) toggle(row);
      choose(row);
    } else return;
    event.preventDefault();
  };

  const height = Math.min(LIST_ROWS, Math.max(shown.length, 3)) * ROW;
  const first = printing ? 0 : Math.max(0, Math.floor(top / ROW) - MARGIN);
  const last = Math.min(shown.length, printing ? MOST_PRINTED : Math.ceil((top + height) / ROW) + MARGIN);
  const drawn = [...shown.subarray(first, last)];
  const whole = Math.max(trace.total_us, 1);
  return (
    <>
      <div class="split">
        <Panel
          class="trace"
          title="Recorded run"
          aside={
            <span>
              <b>{us(trace.total_us)}</b>, {plural(trace.spans.name.length, "span")}
            </span>
          }
        >
          <div class="chips" role="group" aria-label="Show only">
            {CHIPS.map(([chip, label]) => (
              <button
                key={chip}
                type="button"
                class="chip"
                aria-pressed={chips.has(chip)}
                onClick={() => {
                  const next = new Set(chips);
                  if (!next.delete(chip)) next.add(chip);
                  setChips(next);
                }}
              >
                {label}
              </button>
            ))}
            <span class="secondary">{plural(shown.length, "row")}</span>
          </div>
          <div class="trace-head" aria-hidden="true">
            <span>what</span>
            <span class="right">time</span>
            <span class="axis">
              {[0, 0.25, 0.5, 0.75, 1].map((share) => (
                <span key={share} style={{ left: `${share * 100}%` }}>
                  {us(trace.total_us * share)}
                </span>
              ))}
            </span>
          </div>
          {shown.length === 0 ? (
            <p class="secondary">{trace.spans.name.length === 0 ? "No span was recorded in this run." : "No span matches."}</p>
          ) : (
            <div
              ref={list}
              class="rows-window"
              role="treegrid"
              aria-label="Spans in recorded order"
              aria-rowcount={shown.length}
              aria-activedescendant={drawn.includes(row) ? `row-${row}` : undefined}
              tabIndex={0}
              style={{ height: `${height}px` }}
              onScroll={(event) => setTop(event.currentTarget.scrollTop)}
              onKeyDown={onKeyDown}
            >
              <div role="presentation" style={{ height: `${shown.length * ROW}px` }}>
                {drawn.map((one, index) => {
                  const of = rows.span[one] as number;
                  const fold = rows.members.get(one);
                  const name = report.words[trace.spans.name[of] as number] ?? "";
                  const label = report.words[trace.spans.label[of] as number] ?? "";
                  const statement = report.statements[trace.spans.statement[of] as number];
                  const found = [...new Set((fold ? [...fold] : [of]).flatMap((member) => marks.get(member) ?? []))];
                  return (
                    <div
                      key={one}
                      id={`row-${one}`}
                      role="row"
                      class={`row ${name} ${one === row ? "chosen" : ""} ${fold ? "fold" : ""}`}
                      aria-level={(rows.depth[one] as number) + 1}
                      aria-rowindex={first + index + 1}
                      aria-selected={one === row}
                      aria-expanded={hasBelow(rows, one) ? isOpen(rows, toggled, one) : undefined}
                      style={{ top: `${(first + index) * ROW}px` }}
                      onClick={() => choose(one)}
                      onDblClick={() => toggle(one)}
                    >
                      <span role="gridcell" class="what" style={{ "--depth": Math.min(rows.depth[one] as number, 14) }}>
                        <span
                          class="twist"
                          aria-hidden="true"
                          onClick={(event) => {
                            event.stopPropagation();
                            toggle(one);
                          }}
                        >
                          {hasBelow(rows, one) ? (isOpen(rows, toggled, one) ? "▾" : "▸") : ""}
                        </span>
                        <span class="what-text">{said(name, label, statement)}</span>
                        {fold && <b class="fold-times">{times(fold.length)}</b>}
                        {found.length > 0 && <span class="row-finding">{found[0]}</span>}
                      </span>
                      <span role="gridcell" class="row-ms">
                        {us(rows.sum[one] as number)}
                      </span>
                      <span role="gridcell" class="track">
                        <Bar rows={rows} row={one} trace={trace} whole={whole} members={fold} />
                      </span>
                    </div>
                  );
                })}
              </div>
            </div>
          )}
          {printing && shown.length > MOST_PRINTED && <p class="secondary">{plural(shown.length - MOST_PRINTED, "more row")} on the screen.</p>}
          {trace.left_out > 0 && <p class="secondary">{plural(trace.left_out, "span")} more were recorded and are left out of the page.</p>}
        </Panel>
        <SpanDetail trace={trace} row={row} rows={rows} marks={marks} />
      </div>
      <FlamePanel trace={trace} />
    </>
  );
}

/** What a reader most likely came for: the statement, or fold of one, that took longest; else the first row. */
function costliest(trace: Waterfall, rows: ReturnType<typeof tree>): number {
  let best = 0;
  let most = -1;
  for (const row of visible(rows, new Set(), null)) {
    const queried = (trace.spans.statement[rows.span[row] as number] as number) >= 0;
    if (queried && (rows.sum[row] as number) > most) {
      most = rows.sum[row] as number;
      best = row;
    }
  }
  return best;
}

function said(name: string, label: string, statement: Statement | undefined): string {
  if (statement) return `${statement.operation} ${statement.tables.join(", ")}`.trim() + (label ? ` · ${label}` : "");
  return label && label !== name ? `${name} · ${label}` : name;
}

/** One bar; of a fold the extent, thin, with a mark for each run (at most so many). */
function Bar(props: { rows: ReturnType<typeof tree>; row: number; trace: Waterfall; whole: number; members: Int32Array | undefined }) {
  const { rows, row, trace, whole, members } = props;
  const left = ((rows.start[row] as number) / whole) * 100;
  const wide = Math.max(0.1, (((rows.end[row] as number) - (rows.start[row] as number)) / whole) * 100);
  if (!members) return <span class="span-bar" style={{ left: `${left}%`, width: `${wide}%` }} />;
  const step = Math.max(1, members.length / MOST_TICKS);
  const points = Array.from({ length: Math.min(members.length, MOST_TICKS) }, (_, index) => members[Math.floor(index * step)] as number);
  const d = points.map((span) => `M${(((trace.spans.start_us[span] as number) / whole) * 1000).toFixed(1)} 3V11`).join("");
  return (
    <>
      <span class="span-bar extent" style={{ left: `${left}%`, width: `${wide}%` }} />
      <svg class="fold-ticks" viewBox="0 0 1000 14" preserveAspectRatio="none" aria-hidden="true">
        <path d={d} vector-effect="non-scaling-stroke" />
      </svg>
    </>
  );
}

function SpanDetail(props: { trace: Waterfall; row: number; rows: ReturnType<typeof tree>; marks: Map<number, string[]> }) {
  const { trace, row, rows, marks } = props;
  const { report } = useReport();
  const span = rows.span[row];
  if (span === undefined) return null;
  const { spans } = trace;
  const fold = rows.members.get(row);
  const name = report.words[spans.name[span] as number] ?? "";
  const label = report.words[spans.label[span] as number] ?? "";
  const statement = report.statements[spans.statement[span] as number];
  const place = report.places[spans.place[span] as number];
  const excerpt = place && report.excerpts[`${place.file}:${place.line}`];
  const members = fold ? [...fold] : [span];
  const found = [...new Set(members.flatMap((member) => marks.get(member) ?? []))];
  const counted = members.map((member) => spans.rows[member] as number).filter((value) => value >= 0);
  return (
    <Panel class="span-detail" title={said(name, label, statement)}>
      <dl class="figures">
        <Figure value={us(rows.sum[row] as number)} label={fold ? `in ${count(fold.length)} runs` : "time"} />
        <Figure value={percent((rows.sum[row] as number) / Math.max(1, trace.total_us))} label="of the run" />
        {counted.length > 0 && <Figure value={count(counted.reduce((sum, value) => sum + value, 0))} label="rows" />}
      </dl>
      <p class="secondary">
        {name} · begins at {us(rows.start[row] as number)}
        {fold && `, ${us((rows.sum[row] as number) / fold.length)} each`}
      </p>
      {place && (
        <p>
          <PlaceText index={spans.place[span] as number} />
        </p>
      )}
      {found.length > 0 && (
        <ul class="plain-list">
          {found.map((id) => (
            <li key={id}>
              <FindingLink id={id} title />
            </li>
          ))}
        </ul>
      )}
      {statement && <Html html={statement.sql_html} label={`${statement.operation} on ${statement.tables.join(", ")}`} />}
      {statement && <PlanTree statement={statement} />}
      {excerpt && <Code excerpt={excerpt} />}
    </Panel>
  );
}

function PlanTree(props: { statement: Statement }) {
  const { plan, plan_note } = props.statement;
  if (plan.length === 0) return plan_note ? <p class="secondary">{plan_note}</p> : null;
  return (
    <section>
      <h3>
        Plan <span class="secondary">{plan_note}</span>
      </h3>
      <ol class="plan-tree">
        {plan.map((node, index) => (
          <li key={index} class={node.slow ? "slow" : ""} style={{ "--depth": Math.min(node.depth, 10) }}>
            <span class="plan-node">
              <b>{node.label}</b>
              {node.slow && <span class="slow-mark">slowest</span>}
              {node.detail && <span class="plan-node-detail">{node.detail}</span>}
            </span>
            <span class="plan-rows">{node.rows === null ? "" : plural(Math.round(node.rows), "row")}</span>
            <span class="plan-share">{node.share === null ? "" : percent(node.share)}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}
