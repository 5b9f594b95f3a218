import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Box, Callout, View } from "../contract.ts";
import { Controls } from "../diagram/Controls.tsx";
import { Diagram } from "../diagram/Diagram.tsx";
import { svg } from "../diagram/export.ts";
import { Inspector } from "../diagram/Inspector.tsx";
import { Legend } from "../diagram/Legend.tsx";
import { Player } from "../diagram/player.ts";
import { Steps } from "../diagram/Steps.tsx";
import { count, ms } from "../format.ts";
import { type Group, grouped, useReport } from "../report.ts";
import { go, link } from "../router.ts";
import { download, Empty, FindingLink, SIDES, SideTag, TabList, useMedia, useWidth } from "../ui/index.tsx";

/** From this width on the two sides may stand beside each other at a smaller scale. */
const WIDE = 1600;
const MIDDLE = 0.62;
const LEGIBLE = 0.78;
const GAP = 24;
const PADDING = 34;

export function Architecture(props: { parts: string[] }) {
  const { report } = useReport();
  const groups = useMemo(() => grouped(report.views), [report.views]);
  const [id, what] = props.parts;
  const group = groups.find((one) => one.views.some((view) => view.id === id)) ?? groups[0];
  /** The endpoint whose tab the reader clicked: only that one starts to move by itself. */
  const [clicked, setClicked] = useState<string | null>(null);
  if (!group)
    return (
      <Empty command="subsecond audit MODULE:APP requests.http">
        No diagram: nothing was recorded yet. Diagrams are drawn from the recorded requests, so audit the application first.
      </Empty>
    );
  return (
    <>
      <div
        class="subtabs-strip"
        onClick={(event) => {
          const tab = (event.target as HTMLElement).closest<HTMLElement>("[role=tab]");
          if (tab) setClicked(tab.id.replace(/^tab-/, ""));
        }}
      >
        <TabList
          label="Diagrams"
          class="subtabs"
          selected={group.id}
          controls="diagrams"
          items={groups.map((one) => ({ id: one.id, label: one.title, href: link("architecture", one.id) }))}
        />
      </div>
      <div id="diagrams" role="tabpanel" aria-labelledby={`tab-${group.id}`}>
        <GroupPanel
          key={group.id}
          group={group}
          start={clicked === group.id && group.kind === "flow"}
          view={group.views.find((view) => view.id === id) ?? (group.views[0] as View)}
          what={what ?? ""}
        />
      </div>
    </>
  );
}

function GroupPanel(props: { group: Group; start: boolean; view: View; what: string }) {
  const { group, what } = props;
  const views = group.views;
  const calm = useMedia("(prefers-reduced-motion: reduce)");
  const before = useRef<Player | null>(null);
  const player = useMemo(() => {
    const made = new Player(views);
    // News of a live report bring new views: the reader stays where he was.
    if (before.current) made.continue(before.current);
    before.current = made;
    return made;
  }, [views]);
  const [, redraw] = useState(0);
  const [removed, setRemoved] = useState(true);
  const [marked, setMarked] = useState<ReadonlySet<string>>(new Set());
  const [left, setLeft] = useState(false);
  const opener = useRef<HTMLElement | null>(null);
  const [frame, width] = useWidth();

  player.calm = calm;
  useEffect(() => {
    player.onChange = () => redraw((number) => number + 1);
    if (props.start && player.position === 0) player.play();
    return () => {
      player.onChange = () => {};
      player.pause();
    };
  }, [player]);

  const step = /^step-(\d+)$/.exec(what)?.[1];
  /** The hash that this component wrote itself: it follows the player, so the player must not follow it. */
  const written = useRef("");
  useEffect(() => {
    const stale = location.hash !== link("architecture", props.view.id, `step-${step}`);
    if (step && !stale && location.hash !== written.current) player.toStep(props.view, Number(step));
  }, [step, props.view.id, player]);

  // While it stands, the place is in the URL, so that it can be shared.
  const at = player.moment(props.view);
  const boxId = what.startsWith("box-") ? what.slice(4) : null;
  useEffect(() => {
    if (player.playing || boxId !== null || player.pace !== "steps" || (at.step === 0 && !step)) return;
    // A link that was just opened is not yet followed by the player.
    if (at.step === 0 && location.hash !== written.current) return;
    written.current = at.step > 0 ? link("architecture", props.view.id, `step-${at.step}`) : link("architecture", props.view.id);
    go(written.current, true);
  }, [player.playing, at.step]);

  const onBox = useCallback(
    (view: View) => (box: Box, element: HTMLElement) => {
      player.pause();
      opener.current = element;
      const middle = element.getBoundingClientRect();
      setLeft(middle.left + middle.width / 2 > innerWidth / 2);
      go(link("architecture", view.id, `box-${box.id}`));
    },
    [player],
  );
  const onClose = useCallback(() => {
    go(link("architecture", props.view.id));
    opener.current?.focus();
  }, [props.view.id]);

  const box = props.view.boxes.find((one) => one.id === boxId);
  const widest = Math.max(...views.map((view) => view.width));
  const beside = views.length > 1 && ((width - GAP) / 2 - PADDING) / widest >= (width >= WIDE ? MIDDLE : LEGIBLE);
  const ghosts = views.some((view) => view.side === "optimised" && view.boxes.some((one) => one.change === "removed"));
  const name = (view: View) => `${group.title}-${view.side}`.toLowerCase().replace(/[^a-z0-9]+/g, "-");

  return (
    <>
      <div class="bar">
        <Controls player={player} views={views} playing={player.playing} position={player.position} />
        <div class="bar-more">
          {ghosts && (
            <label class="check">
              <input type="checkbox" checked={removed} onChange={(event) => setRemoved(event.currentTarget.checked)} />
              Show removed
            </label>
          )}
        </div>
      </div>
      <div ref={frame} class={`diagrams ${beside ? "beside" : ""}`}>
        {views.map((view) => (
          <figure key={view.id} class="diagram-panel">
            <figcaption>
              <h2>
                {views.length > 1 ? <SideTag side={view.side} /> : view.title}
                {views.length > 1 && <span class="visually-hidden"> {view.title}</span>}
              </h2>
              <Facts view={view} />
              <span class="exports">
                <button type="button" class="quiet" onClick={() => download(`${name(view)}.svg`, "image/svg+xml", svg(view, removed))}>
                  <span class="visually-hidden">{SIDES[view.side]}: download as </span>SVG
                </button>
                {view.mermaid && (
                  <button type="button" class="quiet" onClick={() => download(`${name(view)}.mmd`, "text/plain", view.mermaid)}>
                    <span class="visually-hidden">{SIDES[view.side]}: download as </span>Mermaid
                  </button>
                )}
              </span>
            </figcaption>
            <Diagram
              view={view}
              player={player}
              moment={player.moment(view)}
              removed={removed}
              selected={view === props.view ? boxId : null}
              marked={marked}
              calm={calm}
              onBox={onBox(view)}
            />
            {view.left_out && <p class="secondary left-out">{view.left_out}</p>}
          </figure>
        ))}
      </div>
      <Legend views={views} />
      {views.map(
        (view) =>
          view.callouts.length > 0 && (
            <section key={view.id} class="callouts" aria-label={`What was found: ${SIDES[view.side]}`}>
              {view.callouts.map((callout) => (
                <CalloutBox key={callout.sort} callout={callout} view={view} onMark={setMarked} many={views.length > 1} />
              ))}
            </section>
          ),
      )}
      <div class="step-lists">
        {views.map((view) => (
          <Steps key={view.id} view={view} moment={player.moment(view)} playing={player.playing} onStep={(number) => player.toStep(view, number)} />
        ))}
      </div>
      {box && <Inspector view={props.view} box={box} left={left} onClose={onClose} />}
    </>
  );
}

/** Time and counts of the recorded request beside the name of its side. */
function Facts(props: { view: View }) {
  const { view } = props;
  const report = useReport();
  const request = view.request === null ? undefined : report.request(view.request, view.side);
  if (!request) return <p class="facts secondary">{view.ms === null ? "" : ms(view.ms)}</p>;
  const facts = [
    ["", request.ms ? ms(request.ms.median) : request.error ? "failed" : ms(view.ms)],
    [request.queries === 1 ? "query" : "queries", request.queries],
    [request.sessions === 1 ? "session" : "sessions", request.sessions],
  ] as const;
  return (
    <p class="facts">
      {facts.map(
        ([label, value]) =>
          value !== null && (
            <span key={label}>
              <b>{typeof value === "number" ? count(value) : value}</b> {label}
            </span>
          ),
      )}
    </p>
  );
}

function CalloutBox(props: { callout: Callout; view: View; many: boolean; onMark: (boxes: ReadonlySet<string>) => void }) {
  const { callout, view, onMark } = props;
  return (
    <section class={`callout ${callout.sort}`}>
      <h3>
        {callout.title} {props.many && <SideTag side={view.side} />}
      </h3>
      <ul>
        {callout.lines.map((line, index) => (
          <li key={index} onMouseEnter={() => onMark(new Set(line.boxes))} onMouseLeave={() => onMark(new Set())}>
            {line.text} {line.finding && <FindingLink id={line.finding} />}
          </li>
        ))}
      </ul>
    </section>
  );
}
