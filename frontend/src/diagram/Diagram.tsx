// One C4 view: boxes are buttons, arrows one SVG, the live dots another above both.
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import type { Arrow, Box, View } from "../contract.ts";
import { ms, times } from "../format.ts";
import { breakable, SIDES, useMedia, useWidth } from "../ui/index.tsx";
import { along, neighbour, path } from "./geometry.ts";
import type { Moment, Player } from "./player.ts";

/** Below this scale only names are drawn, in a size that stays legible. */
const FAR = 0.78;
/** Between the two there is still room for times, in names that take one line. */
const MIDDLE = 0.62;
const CONDENSED = 0.5;
/** Below this one the drawing keeps a fixed scale and scrolls inside its panel. */
const PHONE = 0.5;
const PHONE_SCALE = 0.9;
/** Width of a Letter sheet on its side, the narrower one, less its margins: no element's width is told while the browser prints. */
const PAPER = 920;
/** Boxes from this height on have a second line. */
const TALL = 44;
/** And from this one on a third, for the technology. */
const TALLER = 56;
/** Between a badge and the head of its arrow. */
const HEAD = 10;
/** More runs than this along one arrow are marked. */
const MANY = 4;
const TRAIN = [0, 0.07, 0.14];
/** Never smaller on the screen, whatever the scale. */
const LEAST_PX = 11;

interface Props {
  view: View;
  player: Player;
  /** Names of the state that was drawn last: a change redraws, a frame does not. */
  moment: Moment;
  removed: boolean;
  selected: string | null;
  marked: ReadonlySet<string>;
  calm: boolean;
  onBox: (box: Box, element: HTMLElement) => void;
}

interface Badge {
  arrow: Arrow;
  text: string;
  x: number;
  y: number;
  half: number;
}

/**
 * Badges of a size where they hide neither a head nor each other: before the head, further back on the last straight
 * piece, else on the first one.
 */
function badges(arrows: Arrow[], far: boolean, px: number): Badge[] {
  const placed: Badge[] = [];
  for (const arrow of arrows) {
    if (far ? arrow.count <= MANY : !arrow.caption) continue;
    const text = far ? times(arrow.count) : arrow.caption;
    const half = (text.length * px * 0.48 + 6) / 2;
    const [x, y] = arrow.badge;
    const head = arrow.points.at(-1) ?? arrow.badge;
    const from = arrow.points.at(-2) ?? head;
    const tail = arrow.points[0] ?? head;
    const back = head[0] >= from[0] ? -1 : 1;
    const level = head[1] === y && from[1] === y;
    const near = level ? (back < 0 ? Math.min(x, head[0] - HEAD - half) : Math.max(x, head[0] + HEAD + half)) : x;
    const candidates: [number, number][] = [[near, y]];
    if (level) for (let step = 1; step < 4; step++) candidates.push([near + back * step * (half * 2 + 2), y]);
    candidates.push([tail[0] - back * (half + 4), tail[1]]);
    const free = candidates.find(
      ([tryX, tryY], index) =>
        (index === 0 || index === candidates.length - 1 || (back < 0 ? tryX - half >= from[0] : tryX + half <= from[0])) &&
        placed.every((other) => Math.abs(other.y - tryY) >= px * 1.36 || Math.abs(other.x - tryX) >= other.half + half),
    );
    const [atX, atY] = free ?? [near, y];
    placed.push({ arrow, text, x: atX, y: atY, half });
  }
  return placed;
}

function spoken(box: Box, findings: number): string {
  const parts = [box.title, box.word, box.detail];
  if (box.calls !== null) parts.push(`called ${times(box.calls)}`);
  if (box.ms !== null) parts.push(ms(box.ms));
  if (findings) parts.push(findings === 1 ? "1 finding" : `${findings} findings`);
  if (box.change !== "same") parts.push(box.change);
  if (box.note) parts.push(box.note);
  return parts.filter(Boolean).join(", ");
}

export function Diagram(props: Props) {
  const { view, player, moment, removed, selected, marked, calm } = props;
  const [stage, width] = useWidth();
  const dots = useRef<SVGGElement>(null);
  const counter = useRef<SVGTextElement>(null);
  const world = useRef<HTMLDivElement>(null);

  const paper = useMedia("print");
  const room = paper ? PAPER : width;
  const fit = room === 0 ? 1 : Math.min(1, room / view.width);
  const scrolls = !paper && fit < PHONE;
  const scale = scrolls ? PHONE_SCALE : fit;
  const far = scale < FAR;
  const shown = (change: Arrow["change"]) => removed || change !== "removed" || view.side !== "optimised";
  const boxes = view.boxes.filter((box) => shown(box.change));
  const arrows = view.arrows.filter((arrow) => shown(arrow.change));
  const byId = useMemo(() => new Map(view.arrows.map((arrow) => [arrow.id, arrow])), [view]);

  const live = view.steps[moment.step - 1];
  const liveArrow = live && byId.get(live.arrow);
  const done = useMemo(() => new Set(view.steps.slice(0, Math.max(0, moment.step - 1)).map((step) => step.arrow)), [view, moment.step]);
  const finished = moment.done && player.pace === "real";

  const place = () => {
    const group = dots.current;
    if (!group) return;
    const at = player.moment(view);
    const step = view.steps[at.step - 1];
    const arrow = step && byId.get(step.arrow);
    const visible = Boolean(arrow) && !calm && !(at.done && !player.playing && player.pace === "real");
    group.setAttribute("visibility", visible ? "visible" : "hidden");
    if (!arrow || !step) return;
    for (const [index, dot] of [...group.querySelectorAll("circle")].entries()) {
      const alone = step.times === 1;
      const [x, y] = along(arrow.points, at.fraction - (TRAIN[index] ?? 0));
      dot.setAttribute("transform", `translate(${x} ${y})`);
      dot.setAttribute("visibility", !visible || (alone && index > 0) ? "hidden" : "inherit");
    }
    if (counter.current) {
      const [x, y] = along(arrow.points, at.fraction);
      counter.current.setAttribute("transform", `translate(${x} ${y - 10})`);
      counter.current.textContent = step.times > 1 ? times(Math.max(1, Math.round(step.times * at.fraction))) : "";
    }
  };
  useLayoutEffect(place);
  useEffect(() => {
    const before = player.onFrame;
    player.onFrame = () => {
      before();
      place();
    };
    return () => {
      player.onFrame = before;
    };
  }, [player, view, calm]);

  const onKeyDown = (event: KeyboardEvent) => {
    const element = event.target as HTMLElement;
    const from = boxes.find((box) => box.id === element.dataset.box);
    const next = from && neighbour(boxes, from, event.key);
    if (!from || !event.key.startsWith("Arrow")) return;
    event.preventDefault();
    event.stopPropagation();
    if (next) world.current?.querySelector<HTMLElement>(`[data-box="${CSS.escape(next.id)}"]`)?.focus();
  };

  const nameSize = far ? 13 / scale : 14;
  /** Whether a far box has a line left for its time. */
  const roomy = (box: Box) =>
    scale >= MIDDLE &&
    (box.height >= TALL * 2 || (box.height >= TALL && box.title.length * nameSize * CONDENSED < box.width - 12));
  const badgePx = far ? LEAST_PX / scale : 12;
  const labels = useMemo(() => badges(arrows, far, badgePx), [view, removed, far, badgePx]);
  const size = (px: number) => `${Math.max(px, LEAST_PX / scale)}px`;
  return (
    <div
      ref={stage}
      class={`stage ${scrolls ? "scrolls" : ""}`}
      // The height is the drawing's own: nothing below it jumps when the window is resized.
      style={{ height: `${Math.ceil(view.height * scale) + 2}px`, width: paper ? `${PAPER}px` : undefined }}
      role="group"
      aria-label={`Diagram: ${view.title}${view.side === "now" ? "" : `, ${SIDES[view.side]}`}`}
      tabIndex={scrolls ? 0 : undefined}
    >
      <div
        ref={world}
        class={`world ${far ? "far" : ""}`}
        style={{
          width: `${view.width}px`,
          height: `${view.height}px`,
          // Sheets are broken by the size before a transform, so on paper the drawing itself is made smaller.
          ...(paper ? { zoom: scale } : { transform: `scale(${scale})` }),
          "--name": `${nameSize}px`,
          "--line-height": `${nameSize * 1.2}px`,
          "--small": size(12),
        }}
        onKeyDown={onKeyDown}
      >
        {view.boundaries.map((frame) => (
          <div
            key={frame.id}
            class="boundary"
            style={{ left: `${frame.x}px`, top: `${frame.y}px`, width: `${frame.width}px`, height: `${frame.height}px` }}
          >
            <span class="boundary-title">{frame.title}</span>
            {!far && frame.technology && <span class="boundary-technology">[{frame.technology}]</span>}
          </div>
        ))}
        <svg class="arrows" width={view.width} height={view.height} aria-hidden="true">
          <defs>
            <marker id={`head-${view.id}`} viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto">
              <path d="M0 0.8 7.4 4 0 7.2z" fill="context-stroke" />
            </marker>
          </defs>
          {arrows.map((arrow) => (
            <path
              key={arrow.id}
              d={path(arrow)}
              data-arrow={arrow.id}
              class={[
                "arrow",
                arrow === liveArrow && !finished ? "live" : done.has(arrow.id) || arrow === liveArrow ? "done" : "",
                arrow.optional ? "optional" : "",
                arrow.change,
              ].join(" ")}
              marker-end={`url(#head-${view.id})`}
            />
          ))}
        </svg>
        {boxes.map((box) => {
          const count = box.findings.length;
          return (
            <button
              key={box.id}
              type="button"
              data-box={box.id}
              class={[
                "box",
                box.kind,
                box.change === "same" ? "" : box.change,
                box.optional ? "optional" : "",
                liveArrow?.target === box.id && !finished ? "live" : "",
                selected === box.id ? "selected" : "",
                marked.has(box.id) ? "marked" : "",
                box.height < TALL ? "low" : "",
              ].join(" ")}
              style={{ left: `${box.x}px`, top: `${box.y}px`, width: `${box.width}px`, height: `${box.height}px` }}
              aria-label={spoken(box, count)}
              aria-pressed={selected === box.id}
              title={box.note || undefined}
              onClick={(event) => props.onBox(box, event.currentTarget)}
            >
              <span class="box-name">
                <span class="box-title">
                  {box.change === "added" && <span class="sign">+ </span>}
                  {box.change === "removed" && <span class="sign">− </span>}
                  {far && box.height >= TALL ? breakable(box.title) : box.title}
                </span>
                {!far && box.height < TALL && box.ms !== null && <span class="box-ms">{ms(box.ms)}</span>}
              </span>
              {!far && box.height >= TALL && (
                <span class="box-line">
                  <span class="box-detail">
                    {box.detail && box.kind === "component"
                      ? box.detail.split("/").at(-1)
                      : box.height >= TALLER
                        ? box.word
                        : [box.word, box.detail].filter(Boolean).join(" · ")}
                  </span>
                  {box.ms !== null && <span class="box-ms">{ms(box.ms)}</span>}
                </span>
              )}
              {!far && box.height >= TALLER && box.kind !== "component" && box.detail && (
                <span class="box-line">
                  <span class="box-detail">[{box.detail}]</span>
                </span>
              )}
              {far && box.ms !== null && roomy(box) && <span class="box-line far-ms">{ms(box.ms)}</span>}
              {count > 0 && <span class={`box-badge ${far ? "out" : ""}`}>{count === 1 ? box.findings[0] : `${count} F`}</span>}
            </button>
          );
        })}
        <svg class="above" width={view.width} height={view.height} aria-hidden="true">
          {labels.map(({ arrow, text, x, y, half }) => (
            <g
              key={arrow.id}
              class={`badge ${arrow.count > MANY ? "many" : ""} ${arrow.count > 1 ? "" : "single"} ${arrow.change}`}
              transform={`translate(${x} ${y})`}
            >
              <rect x={-half} y={-badgePx * 0.68} width={half * 2} height={badgePx * 1.36} rx="3" />
              <text text-anchor="middle" y={badgePx * 0.34} font-size={badgePx}>
                {text}
              </text>
            </g>
          ))}
          {boxes
            .filter((box) => box.note && !far)
            .map((box) => (
              <text key={box.id} class="box-note" x={box.x + 2} y={box.y + box.height + 11} font-size={11}>
                {box.note}
              </text>
            ))}
          <g ref={dots} class="dots" visibility="hidden">
            {TRAIN.map((_, index) => (
              <circle key={index} r={6 / scale - index} opacity={1 - index * 0.25} />
            ))}
            <text ref={counter} text-anchor="middle" font-size={Math.max(12, LEAST_PX / scale)} />
          </g>
        </svg>
      </div>
    </div>
  );
}
