// One C4 view: boxes are buttons, arrows one SVG, the live dots another above both.
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import type { Arrow, Box, View } from "../contract.ts";
import { ms, times } from "../format.ts";
import { SIDES, useWidth } from "../ui/index.tsx";
import { along, neighbour, path } from "./geometry.ts";
import type { Moment, Player } from "./player.ts";

/** Below this scale only names are drawn, in a size that stays legible. */
const FAR = 0.78;
/** Below this one the drawing keeps a fixed scale and scrolls inside its panel. */
const PHONE = 0.5;
const PHONE_SCALE = 0.9;
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

  const fit = width === 0 ? 1 : Math.min(1, width / view.width);
  const scrolls = fit < PHONE;
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

  const size = (px: number) => `${Math.max(px, LEAST_PX / scale)}px`;
  const nameSize = far ? 13 / scale : 14;
  return (
    <div
      ref={stage}
      class={`stage ${scrolls ? "scrolls" : ""}`}
      // The height is the drawing's own: nothing below it jumps when the window is resized.
      style={{ height: `${Math.ceil(view.height * scale) + 2}px` }}
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
          transform: `scale(${scale})`,
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
                box.height < 44 ? "low" : "",
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
                  {box.title}
                </span>
                {!far && box.ms !== null && <span class="box-ms">{ms(box.ms)}</span>}
              </span>
              {!far && box.height >= 44 && (
                <span class="box-line">
                  {box.detail && box.kind === "component" ? box.detail.split("/").at(-1) : [box.word, box.detail].filter(Boolean).join(" · ")}
                </span>
              )}
              {count > 0 && <span class={`box-badge ${far ? "out" : ""}`}>{count === 1 ? box.findings[0] : `${count} F`}</span>}
            </button>
          );
        })}
        <svg class="above" width={view.width} height={view.height} aria-hidden="true">
          {arrows.map((arrow) => {
            const [x, y] = arrow.badge;
            if (arrow.count <= 1 && !arrow.ms) return null;
            const text = arrow.count > 1 || far ? times(arrow.count) : ms(arrow.ms);
            if (far && arrow.count <= MANY) return null;
            const px = far ? LEAST_PX / scale : 12;
            const half = (text.length * px * 0.5 + 8) / 2;
            return (
              <g key={arrow.id} class={`badge ${arrow.count > MANY ? "many" : ""} ${arrow.change}`} transform={`translate(${x} ${y})`}>
                <rect x={-half} y={-px * 0.68} width={half * 2} height={px * 1.36} rx="3" />
                <text text-anchor="middle" y={px * 0.34} font-size={px}>
                  {text}
                </text>
                {!far && arrow.count > 1 && arrow.ms !== null && arrow.ms >= 1 && (
                  <text class="badge-ms" text-anchor="middle" y={px * 0.34 + 14} font-size={11}>
                    {ms(arrow.ms)}
                  </text>
                )}
              </g>
            );
          })}
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
