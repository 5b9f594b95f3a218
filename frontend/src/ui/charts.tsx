// The few charts of the report: parts of a time, pairs of a trial, steps towards a goal.
import type { Request, Trial } from "../contract.ts";
import { ms, percent } from "../format.ts";
import { Wide } from "./index.tsx";

type Parts = Request["time"];

/** One stacked bar; `whole` is the length of the longest of its neighbours, so that bars can be compared. */
export function TimeBar(props: { parts: Parts; whole: number; label: string }) {
  const sum = props.parts.reduce((total, part) => total + part.ms, 0);
  const text = props.parts.map((part) => `${part.label} ${ms(part.ms)}`).join(", ");
  return (
    <div class="time-bar" role="img" aria-label={`${props.label}: ${ms(sum)}: ${text}`}>
      {props.parts.map(
        (part) =>
          part.ms > 0 && (
            <span
              key={part.key}
              class={`part ${part.key}`}
              title={`${part.label}: ${ms(part.ms)}`}
              style={{ width: `${(100 * part.ms) / Math.max(props.whole, 1e-9)}%` }}
            />
          ),
      )}
    </div>
  );
}

/** The same in words and numbers. */
export function TimeTable(props: { sides: { label: string; parts: Parts }[] }) {
  const keys = [...new Map(props.sides.flatMap((side) => side.parts.map((part) => [part.key, part] as const))).values()];
  const sums = props.sides.map((side) => side.parts.reduce((total, part) => total + part.ms, 0));
  const notes = keys.filter((part) => part.note);
  return (
    <>
      <Wide label="Parts of the time">
        <table class="numbers time-table">
          <thead>
            <tr>
              <th scope="col">Part</th>
              {props.sides.map((side) => (
                <th key={side.label} scope="col" colSpan={2}>
                  {side.label}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {keys.map((part) => (
              <tr key={part.key}>
                <th scope="row">
                  <span class={`swatch part ${part.key}`} aria-hidden="true" /> {part.label}
                </th>
                {props.sides.map((side, index) => {
                  const found = side.parts.find((one) => one.key === part.key);
                  return (
                    <>
                      <td>{ms(found?.ms)}</td>
                      <td class="secondary">{found && sums[index] ? percent(found.ms / sums[index]) : "–"}</td>
                    </>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </Wide>
      {notes.map((part) => (
        <p key={part.key} class="secondary">
          {part.label}: {part.note}
        </p>
      ))}
    </>
  );
}

const PLOT = { width: 520, left: 86, right: 14, row: 26 };

function ticks(low: number, high: number): number[] {
  const rough = (high - low) / 4;
  if (!(rough > 0)) return [low];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, index) => (first + index) * step);
}

/** Each pair is a line from a run of the base to the run with the fix beside it; below them the gain with its interval. */
export function PairPlot(props: { trial: Trial }) {
  const { points, gain } = props.trial;
  if (points.length === 0 && !gain) return null;
  const values = [...points.flat(), 0, ...(gain ? [gain.low, gain.high] : [])];
  const low = Math.min(...values);
  const high = Math.max(...values) * 1.04 || 1;
  const x = (value: number) => PLOT.left + ((value - low) / (high - low)) * (PLOT.width - PLOT.left - PLOT.right);
  const base = 16;
  const fix = base + PLOT.row;
  const gainY = points.length ? fix + PLOT.row + 6 : base;
  const height = (gain ? gainY : fix) + 34;
  const words = [
    points.length ? `${points.length} pairs of runs` : "",
    gain ? `gain ${ms(gain.median)}, interval ${ms(gain.low)} to ${ms(gain.high)}` : "",
  ];
  return (
    <svg class="plot" viewBox={`0 0 ${PLOT.width} ${height}`} role="img" aria-label={words.filter(Boolean).join("; ")}>
      {ticks(low, high).map((tick) => (
        <g key={tick} class={tick === 0 ? "zero" : "grid"}>
          <line x1={x(tick)} x2={x(tick)} y1={4} y2={height - 18} />
          <text x={x(tick)} y={height - 4} text-anchor="middle">
            {ms(tick)}
          </text>
        </g>
      ))}
      {points.length > 0 && (
        <>
          <text x={0} y={base + 4}>
            base
          </text>
          <text x={0} y={fix + 4}>
            with the fix
          </text>
          {points.map(([before, after], index) => (
            <g key={index}>
              <line class="pair" x1={x(before)} y1={base} x2={x(after)} y2={fix} />
              <circle class="base" cx={x(before)} cy={base} r={3.5} />
              <circle class="fix" cx={x(after)} cy={fix} r={3.5} />
            </g>
          ))}
        </>
      )}
      {gain && (
        <g class="gain">
          <text x={0} y={gainY + 4}>
            gain
          </text>
          <line x1={x(gain.low)} x2={x(gain.high)} y1={gainY} y2={gainY} />
          <line x1={x(gain.low)} x2={x(gain.low)} y1={gainY - 5} y2={gainY + 5} />
          <line x1={x(gain.high)} x2={x(gain.high)} y1={gainY - 5} y2={gainY + 5} />
          <circle cx={x(gain.median)} cy={gainY} r={4.5} />
        </g>
      )}
    </svg>
  );
}

export interface StepRow {
  label: preact.ComponentChildren;
  from: number;
  to: number;
  tone: "now" | "certain" | "loss" | "unsure" | "predicted" | "measured";
  text: string;
  low?: number;
  high?: number;
}

/** Bars from left to right on one scale, with a line at the goal. */
export function StepBars(props: { rows: StepRow[]; goal: number | null; label: string }) {
  const whole = Math.max(...props.rows.flatMap((row) => [row.from, row.to, row.high ?? 0]), props.goal ?? 0, 1e-9);
  const at = (value: number) => `${(100 * value) / whole}%`;
  return (
    <ol class="step-bars" aria-label={props.label}>
      {props.rows.map((row, index) => (
        <li key={index}>
          <span class="step-bar-label">{row.label}</span>
          <span class="step-bar-track" aria-hidden="true">
            {props.goal !== null && <span class="goal" style={{ left: at(props.goal) }} />}
            <span class={`step-bar ${row.tone}`} style={{ left: at(Math.min(row.from, row.to)), width: at(Math.abs(row.to - row.from)) }} />
            {row.low !== undefined && row.high !== undefined && (
              <span class="whisker" style={{ left: at(row.low), width: at(row.high - row.low) }} />
            )}
          </span>
          <span class="step-bar-ms">{row.text}</span>
        </li>
      ))}
    </ol>
  );
}
