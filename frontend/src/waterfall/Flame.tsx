import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Flame, Waterfall } from "../contract.ts";
import { percent, us } from "../format.ts";
import { useReport } from "../report.ts";
import { Panel, PlaceText, useMedia, useWidth, Wide } from "../ui/index.tsx";
import { at, depths, draw, lines, ROW, type Window } from "./flame.ts";

const DEEPEST = 24;
const TABLE_ROWS = 12;

export function FlamePanel(props: { trace: Waterfall }) {
  const { flame } = props.trace;
  return (
    <Panel
      title="CPU time of Python"
      class="flame"
      aside={flame && <b>{us(flame.total_us)}</b>}
    >
      {flame && flame.word.length > 0 ? (
        <Graph flame={flame} />
      ) : (
        <p class="secondary">This request was not profiled: too little of it is Python, or the audit had no time left for it.</p>
      )}
    </Panel>
  );
}

function Graph(props: { flame: Flame }) {
  const { flame } = props;
  const { report } = useReport();
  const [box, width] = useWidth();
  const canvas = useRef<HTMLCanvasElement>(null);
  const dark = useMedia("(prefers-color-scheme: dark)");
  const depth = useMemo(() => depths(flame), [flame]);
  const table = useMemo(() => lines(flame), [flame]);
  const [zoom, setZoom] = useState(-1);
  const [over, setOver] = useState(-1);
  const [all, setAll] = useState(false);
  const [theme, setTheme] = useState("");
  const window: Window =
    zoom < 0
      ? { from: 0, to: Math.max(flame.total_us, 1) }
      : { from: flame.start_us[zoom] as number, to: (flame.start_us[zoom] as number) + (flame.duration_us[zoom] as number) };
  const rows = Math.min(DEEPEST, Math.max(...depth) + 1);
  const name = (frame: number) => report.words[flame.word[frame] as number] ?? "";

  useEffect(() => {
    // The colours of a canvas do not follow a style sheet by themselves.
    const watch = new MutationObserver(() => setTheme(document.documentElement.dataset.theme ?? ""));
    watch.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    return () => watch.disconnect();
  }, []);
  useEffect(() => {
    const element = canvas.current;
    if (!element || width === 0) return;
    const style = getComputedStyle(element);
    const probe = (token: string) => {
      element.style.color = `var(--${token})`;
      const colour = style.color;
      element.style.color = "";
      return colour;
    };
    draw(element, flame, depth, name, window, {
      own: probe("container-bg"),
      ownInk: probe("container"),
      other: probe("external-bg"),
      otherInk: probe("external"),
      edge: probe("surface"),
      chosen: probe("accent-bg"),
    }, over);
  }, [flame, width, zoom, over, dark, theme]);

  const point = (event: MouseEvent) => {
    const place = canvas.current?.getBoundingClientRect();
    return place ? at(flame, depth, window, place.width, event.clientX - place.left, event.clientY - place.top) : -1;
  };
  const described = over >= 0 ? over : zoom;
  return (
    <>
      <p class="secondary">{flame.how}</p>
      <div ref={box}>
        <canvas
          ref={canvas}
          class="flame-canvas"
          role="img"
          aria-label="Flame graph; the table below it holds the same in numbers"
          style={{ height: `${rows * ROW}px` }}
          onMouseMove={(event) => setOver(point(event))}
          onMouseLeave={() => setOver(-1)}
          onClick={(event) => {
            const frame = point(event);
            setZoom(frame === zoom ? -1 : frame);
          }}
        />
      </div>
      <p class="flame-said">
        {described >= 0 ? (
          <>
            <b>{name(described)}</b> <PlaceText index={flame.place[described] as number} bare /> {us(flame.duration_us[described] as number)},{" "}
            {percent((flame.duration_us[described] as number) / Math.max(1, flame.total_us))}; own {us(flame.own_us[described] as number)}
          </>
        ) : (
          "A click on a function widens it, a second one goes back."
        )}
        {zoom >= 0 && (
          <button type="button" class="quiet" onClick={() => setZoom(-1)}>
            Whole run
          </button>
        )}
      </p>
      <Wide label="Functions">
        <table class="numbers rows">
          <thead>
            <tr>
              <th scope="col">Function</th>
              <th scope="col">Own</th>
              <th scope="col">With what it calls</th>
              <th scope="col">Share</th>
            </tr>
          </thead>
          <tbody>
            {(all ? table : table.slice(0, TABLE_ROWS)).map((line) => (
              <tr key={`${line.word}/${line.place}`}>
                <th scope="row">
                  <button type="button" class="linklike" onClick={() => setZoom(line.frame)}>
                    {report.words[line.word]}
                  </button>{" "}
                  <span class="row-note">
                    <PlaceText index={line.place} bare />
                  </span>
                </th>
                <td>{us(line.own)}</td>
                <td>{us(line.total)}</td>
                <td>{percent(line.own / Math.max(1, flame.total_us))}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Wide>
      {table.length > TABLE_ROWS && (
        <button type="button" class="quiet" onClick={() => setAll(!all)}>
          {all ? "fewer" : `all ${table.length} functions`}
        </button>
      )}
    </>
  );
}
