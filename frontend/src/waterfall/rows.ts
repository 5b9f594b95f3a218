// Spans by columns -> the rows of the waterfall: equal siblings folded, only what is open, in typed arrays.
import type { Waterfall } from "../contract.ts";

/** Runs of fewer equal siblings stay as they are. */
const FOLD_FROM = 3;
/** A row takes this share of the request, or it is not slow. */
const SLOW_SHARE = 0.05;

/** Rows in pre-order; `span` is the row's span, of a fold its first one. Times in µs. */
export interface Tree {
  span: Int32Array;
  depth: Int32Array;
  /** Index of the first row after this one's subtree. */
  skip: Int32Array;
  /** Spans folded into it; 1 for a plain row. */
  times: Int32Array;
  sum: Float64Array;
  start: Float64Array;
  end: Float64Array;
  /** Members of each fold, by its row. */
  members: Map<number, Int32Array>;
  /** Row of each span that has one of its own. */
  rowOf: Int32Array;
}

export function tree(trace: Waterfall): Tree {
  const { parent, name, label, place, statement, start_us, duration_us } = trace.spans;
  const size = parent.length;
  const children: number[][] = Array.from({ length: size + 1 }, () => []);
  // A parent that is not in the table would hide its children: they stand at the root.
  for (let span = 0; span < size; span++) {
    const above = parent[span] as number;
    (children[above >= 0 && above < size ? above : size] as number[]).push(span);
  }
  // A fold holds three spans at least, so this is the most that there can be.
  const most = size + Math.floor(size / FOLD_FROM);
  const rows: Tree = {
    span: new Int32Array(most),
    depth: new Int32Array(most),
    skip: new Int32Array(most),
    times: new Int32Array(most),
    sum: new Float64Array(most),
    start: new Float64Array(most),
    end: new Float64Array(most),
    members: new Map(),
    rowOf: new Int32Array(size).fill(-1),
  };
  let length = 0;
  const add = (span: number, depth: number, times: number): number => {
    rows.span[length] = span;
    rows.depth[length] = depth;
    rows.times[length] = times;
    return length++;
  };
  const emit = (span: number, depth: number) => {
    const row = add(span, depth, 1);
    rows.rowOf[span] = row;
    rows.sum[row] = duration_us[span] as number;
    rows.start[row] = start_us[span] as number;
    rows.end[row] = (start_us[span] as number) + (duration_us[span] as number);
    below(children[span] as number[], depth + 1);
    rows.skip[row] = length;
  };
  const fold = (group: number[], depth: number) => {
    const row = add(group[0] as number, depth, group.length);
    let sum = 0;
    let start = Number.POSITIVE_INFINITY;
    let end = 0;
    for (const span of group) {
      sum += duration_us[span] as number;
      start = Math.min(start, start_us[span] as number);
      end = Math.max(end, (start_us[span] as number) + (duration_us[span] as number));
    }
    rows.sum[row] = sum;
    rows.start[row] = start;
    rows.end[row] = end;
    rows.members.set(row, Int32Array.from(group));
    for (const span of group) emit(span, depth + 1);
    rows.skip[row] = length;
  };
  const below = (spans: number[], depth: number) => {
    if (spans.length < FOLD_FROM) {
      for (const span of spans) emit(span, depth);
      return;
    }
    const alike = new Map<string, number[]>();
    for (const span of spans) {
      const key = `${name[span]}/${label[span]}/${place[span]}/${statement[span]}`;
      const found = alike.get(key);
      if (found) found.push(span);
      else alike.set(key, [span]);
    }
    const ordered: number[][] = [];
    for (const group of alike.values()) {
      if (group.length >= FOLD_FROM) ordered.push(group);
      else for (const span of group) ordered.push([span]);
    }
    ordered.sort((a, b) => (a[0] as number) - (b[0] as number));
    for (const group of ordered) {
      if (group.length === 1) emit(group[0] as number, depth);
      else fold(group, depth);
    }
  };
  below(children[size] as number[], 0);
  return {
    ...rows,
    span: rows.span.subarray(0, length),
    depth: rows.depth.subarray(0, length),
    skip: rows.skip.subarray(0, length),
    times: rows.times.subarray(0, length),
    sum: rows.sum.subarray(0, length),
    start: rows.start.subarray(0, length),
    end: rows.end.subarray(0, length),
  };
}

/** Rows to be seen: a closed one hides what is below it. Folds are closed and all else is open until toggled. */
export function visible(rows: Tree, toggled: ReadonlySet<number>, kept: Uint8Array | null): Int32Array {
  const shown = new Int32Array(rows.span.length);
  let length = 0;
  for (let row = 0; row < rows.span.length; ) {
    if (kept && !kept[row]) {
      row = rows.skip[row] as number;
      continue;
    }
    shown[length++] = row;
    row = isOpen(rows, toggled, row) ? row + 1 : (rows.skip[row] as number);
  }
  return shown.subarray(0, length);
}

export const isOpen = (rows: Tree, toggled: ReadonlySet<number>, row: number) => ((rows.times[row] as number) === 1) !== toggled.has(row);

export const hasBelow = (rows: Tree, row: number) => (rows.skip[row] as number) > row + 1;

/** All rows above this one, the nearest last. */
export function above(rows: Tree, row: number): number[] {
  const found: number[] = [];
  for (let candidate = 0; candidate < row; ) {
    const after = rows.skip[candidate] as number;
    if (after > row) {
      found.push(candidate);
      candidate += 1;
    } else candidate = after;
  }
  return found;
}

export type Chip = "queries" | "slow" | "critical" | "finding";

/** Rows that match all chips, and what leads to them. */
export function filtered(trace: Waterfall, rows: Tree, chips: ReadonlySet<Chip>): Uint8Array | null {
  if (chips.size === 0) return null;
  const tests: ((row: number, span: number) => boolean)[] = [];
  if (chips.has("queries")) tests.push((_, span) => (trace.spans.statement[span] as number) >= 0);
  if (chips.has("slow")) tests.push((row) => (rows.sum[row] as number) >= trace.total_us * SLOW_SHARE);
  if (chips.has("critical")) {
    const on = critical(trace);
    tests.push((row, span) => Boolean(on[span]) || Boolean(rows.members.get(row)?.some((member) => on[member])));
  }
  if (chips.has("finding")) {
    const marked = new Set(Object.values(trace.marks).flat());
    tests.push((row, span) => marked.has(span) || Boolean(rows.members.get(row)?.some((member) => marked.has(member))));
  }
  const kept = new Uint8Array(rows.span.length);
  for (let row = 0; row < kept.length; row++) if (tests.every((test) => test(row, rows.span[row] as number))) kept[row] = 1;
  // Rows above a kept one stay; `open` are the rows that the walk is within.
  const open: number[] = [];
  for (let row = 0; row < kept.length; row++) {
    while (open.length && (rows.skip[open.at(-1) as number] as number) <= row) open.pop();
    if (kept[row]) for (const one of open) kept[one] = 1;
    open.push(row);
  }
  return kept;
}

/** The spans that the response waited for: from the end of each one back to its begin, always the last to end before. */
export function critical(trace: Waterfall): Uint8Array {
  const { parent, start_us, duration_us } = trace.spans;
  const size = parent.length;
  const children: number[][] = Array.from({ length: size + 1 }, () => []);
  for (let span = 0; span < size; span++) {
    const over = parent[span] as number;
    (children[over >= 0 && over < size ? over : size] as number[]).push(span);
  }
  const end = (span: number) => (start_us[span] as number) + (duration_us[span] as number);
  const on = new Uint8Array(size);
  const waiting = [size];
  while (waiting.length) {
    const over = waiting.pop() as number;
    let until = over === size ? Number.POSITIVE_INFINITY : end(over);
    const below = (children[over] as number[]).toSorted((a, b) => end(b) - end(a));
    for (const span of below) {
      if (end(span) > until) continue;
      on[span] = 1;
      until = start_us[span] as number;
      waiting.push(span);
    }
  }
  return on;
}
