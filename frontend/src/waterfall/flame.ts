// The flame graph: a canvas of rectangles. Its text alternative is the table under it.
import type { Flame } from "../contract.ts";

export const ROW = 20;
/** Rectangles narrower than this are not drawn: nobody could see them. */
const LEAST = 0.5;
const TEXT_FROM = 34;

/** Depth of each frame: parents come before their children. */
export function depths(flame: Flame): Int32Array {
  const depth = new Int32Array(flame.parent.length);
  for (let frame = 0; frame < depth.length; frame++) {
    const over = flame.parent[frame] as number;
    depth[frame] = over < 0 ? 0 : (depth[over] as number) + 1;
  }
  return depth;
}

export interface Colours {
  own: string;
  ownInk: string;
  other: string;
  otherInk: string;
  edge: string;
  chosen: string;
}

export interface Window {
  from: number;
  to: number;
}

export function draw(
  canvas: HTMLCanvasElement,
  flame: Flame,
  depth: Int32Array,
  name: (frame: number) => string,
  window: Window,
  colours: Colours,
  chosen: number,
): number {
  const context = canvas.getContext("2d");
  if (!context) return 0;
  const sharp = devicePixelRatio || 1;
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  canvas.width = width * sharp;
  canvas.height = height * sharp;
  context.scale(sharp, sharp);
  context.clearRect(0, 0, width, height);
  context.font = `12px ${getComputedStyle(canvas).fontFamily}`;
  context.textBaseline = "middle";
  const scale = width / Math.max(1, window.to - window.from);
  let drawn = 0;
  for (let frame = 0; frame < flame.start_us.length; frame++) {
    const from = ((flame.start_us[frame] as number) - window.from) * scale;
    const long = (flame.duration_us[frame] as number) * scale;
    if (long < LEAST || from > width || from + long < 0) continue;
    const x = Math.max(0, from);
    const wide = Math.min(width, from + long) - x;
    const y = (depth[frame] as number) * ROW;
    const own = (flame.place[frame] as number) >= 0;
    context.fillStyle = frame === chosen ? colours.chosen : own ? colours.own : colours.other;
    context.fillRect(x, y, wide, ROW - 1);
    if (wide > 2) {
      context.fillStyle = colours.edge;
      context.fillRect(x + wide - 1, y, 1, ROW - 1);
    }
    drawn += 1;
    if (wide < TEXT_FROM) continue;
    context.fillStyle = own ? colours.ownInk : colours.otherInk;
    context.fillText(fitted(context, name(frame), wide - 10), x + 5, y + ROW / 2);
  }
  return drawn;
}

function fitted(context: CanvasRenderingContext2D, text: string, width: number): string {
  if (context.measureText(text).width <= width) return text;
  let short = text.slice(0, Math.ceil(width / 4));
  while (short && context.measureText(`${short}…`).width > width) short = short.slice(0, -1);
  return short ? `${short}…` : "";
}

/** The frame at a point of the canvas, or -1. */
export function at(flame: Flame, depth: Int32Array, window: Window, width: number, x: number, y: number): number {
  const row = Math.floor(y / ROW);
  const when = window.from + (x / Math.max(1, width)) * (window.to - window.from);
  for (let frame = 0; frame < depth.length; frame++) {
    const start = flame.start_us[frame] as number;
    if (depth[frame] === row && start <= when && when < start + (flame.duration_us[frame] as number)) return frame;
  }
  return -1;
}

export interface Line {
  word: number;
  place: number;
  own: number;
  total: number;
  /** The longest of its frames: where a click on the line leads. */
  frame: number;
}

/** Functions by their own time; a function within itself is counted once. */
export function lines(flame: Flame): Line[] {
  const found = new Map<string, Line>();
  const key = (frame: number) => `${flame.word[frame]}/${flame.place[frame]}`;
  for (let frame = 0; frame < flame.word.length; frame++) {
    const of = key(frame);
    const long = flame.duration_us[frame] as number;
    let line = found.get(of);
    if (!line) {
      line = { word: flame.word[frame] as number, place: flame.place[frame] as number, own: 0, total: 0, frame };
      found.set(of, line);
    }
    line.own += flame.own_us[frame] as number;
    if (long > (flame.duration_us[line.frame] as number)) line.frame = frame;
    let over = flame.parent[frame] as number;
    while (over >= 0 && key(over) !== of) over = flame.parent[over] as number;
    if (over < 0) line.total += long;
  }
  return [...found.values()].sort((a, b) => b.own - a.own);
}
