// Points on an arrow, and the box next to another one.
import type { Arrow, Box } from "../contract.ts";

type Point = readonly [number, number];

export function along(points: readonly Point[], fraction: number): [number, number] {
  const lengths = points.slice(1).map(([x, y], index) => Math.hypot(x - (points[index]?.[0] ?? x), y - (points[index]?.[1] ?? y)));
  let left = lengths.reduce((sum, length) => sum + length, 0) * Math.min(1, Math.max(0, fraction));
  for (const [index, length] of lengths.entries()) {
    const [fromX, fromY] = points[index] as Point;
    const [toX, toY] = points[index + 1] as Point;
    if (left <= length) {
      const part = length === 0 ? 0 : left / length;
      return [fromX + (toX - fromX) * part, fromY + (toY - fromY) * part];
    }
    left -= length;
  }
  const [x, y] = points.at(-1) ?? [0, 0];
  return [x, y];
}

const CORNER = 6;

/** An SVG path along the points, its corners rounded; `short` px are left out before the head's tip. */
export function path(arrow: Arrow): string {
  const points = arrow.points;
  const [first, ...rest] = points;
  if (!first) return "";
  const parts = [`M${first[0]} ${first[1]}`];
  for (const [index, [x, y]] of rest.entries()) {
    const next = rest[index + 1];
    const before = points[index] as Point;
    if (!next) {
      parts.push(`L${x} ${y}`);
      continue;
    }
    const inLength = Math.hypot(x - before[0], y - before[1]);
    const outLength = Math.hypot(next[0] - x, next[1] - y);
    const radius = Math.min(CORNER, inLength / 2, outLength / 2);
    if (radius === 0) continue;
    const inX = x - ((x - before[0]) / inLength) * radius;
    const inY = y - ((y - before[1]) / inLength) * radius;
    const outX = x + ((next[0] - x) / outLength) * radius;
    const outY = y + ((next[1] - y) / outLength) * radius;
    parts.push(`L${inX} ${inY}Q${x} ${y} ${outX} ${outY}`);
  }
  return parts.join("");
}

const DIRECTIONS: Record<string, Point> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** The nearest box in the direction of an arrow key; what lies aside counts as farther. */
export function neighbour(boxes: Box[], from: Box, key: string): Box | undefined {
  const direction = DIRECTIONS[key];
  if (!direction) return undefined;
  const middle = (box: Box): Point => [box.x + box.width / 2, box.y + box.height / 2];
  const [x, y] = middle(from);
  let best: [number, Box] | undefined;
  for (const box of boxes) {
    const [boxX, boxY] = middle(box);
    const ahead = (boxX - x) * direction[0] + (boxY - y) * direction[1];
    const aside = Math.abs((boxX - x) * direction[1]) + Math.abs((boxY - y) * direction[0]);
    if (box === from || ahead <= 1) continue;
    const far = ahead + aside * 2;
    if (!best || far < best[0]) best = [far, box];
  }
  return best?.[1];
}
