// What the player knows: where it stands, and which step of each view is alive there. No DOM, and its clock is given.
import type { View } from "../contract.ts";

export interface Clock {
  now(): number;
  /** Calls back before the next picture is drawn; the number cancels it. */
  frame(run: () => void): number;
  cancel(frame: number): void;
}

export const browserClock: Clock = {
  now: () => performance.now(),
  frame: (run) => requestAnimationFrame(run),
  cancel: (frame) => cancelAnimationFrame(frame),
};

export const STEP_MS = 450;
/** With reduced motion nothing moves: one discrete step at a time. */
export const CALM_STEP_MS = 600;
export const SPEEDS = [0.05, 0.1, 0.25, 0.5, 1, 2, 4] as const;

export type Pace = "steps" | "real";

/**
 * Where a view stands: `step` 0 is before the first, then 1 to the number of steps; `fraction` of that step, 0 to 1.
 * `done`: the view's own end is reached.
 */
export interface Moment {
  step: number;
  fraction: number;
  done: boolean;
}

/** The recorded end of a view on its own clock, in ms. */
export const lasts = (view: View) => view.ms ?? Math.max(0, ...view.steps.map((step) => step.start_ms + step.ms));

/** By steps: 3.4 is within the fourth step, 3 at the end of the third. */
export function byStep(view: View, position: number): Moment {
  const last = view.steps.length;
  if (position >= last) return { step: last, fraction: 1, done: true };
  const step = Math.ceil(position);
  return { step, fraction: step === 0 ? 0 : position - step + 1, done: false };
}

/** By the recorded clock: a step lives until the next begins. */
export function byTime(view: View, ms: number): Moment {
  const end = lasts(view);
  if (ms >= end) return { step: view.steps.length, fraction: 1, done: true };
  let step = 0;
  while (step < view.steps.length && (view.steps[step]?.start_ms ?? 0) <= ms) step += 1;
  if (step === 0) return { step, fraction: 0, done: false };
  const from = view.steps[step - 1]?.start_ms ?? 0;
  const until = view.steps[step]?.start_ms ?? end;
  return { step, fraction: until > from ? (ms - from) / (until - from) : 1, done: false };
}

export class Player {
  pace: Pace = "steps";
  speed = 1;
  calm = false;
  playing = false;
  /** Steps (with `steps`) or ms (with `real`). */
  position = 0;
  /** On every frame while playing; must not redraw more than the dots. */
  onFrame: () => void = () => {};
  /** When another step comes alive in any view, and on play, pause and seek. */
  onChange: () => void = () => {};
  private frame = 0;
  private last = 0;
  private known = "";

  constructor(
    readonly views: View[],
    private readonly clock: Clock = browserClock,
  ) {}

  /** Stands where the other one stood, paused. */
  continue(other: Player): void {
    this.pace = other.pace;
    this.speed = other.speed;
    this.position = Math.min(other.position, this.end);
  }

  get end(): number {
    return Math.max(0, ...this.views.map((view) => (this.pace === "real" ? lasts(view) : view.steps.length)));
  }

  moment(view: View): Moment {
    return this.pace === "real" ? byTime(view, this.position) : byStep(view, this.position);
  }

  play(): void {
    if (this.playing || this.end === 0) return;
    if (this.position >= this.end) this.position = 0;
    this.playing = true;
    this.last = this.clock.now();
    this.frame = this.clock.frame(this.tick);
    this.changed();
  }

  pause(): void {
    if (!this.playing) return;
    this.playing = false;
    this.clock.cancel(this.frame);
    this.changed();
  }

  toggle(): void {
    if (this.playing) this.pause();
    else this.play();
  }

  seek(position: number): void {
    this.position = Math.min(Math.max(0, position), this.end);
    this.changed();
  }

  /** One whole step on or back, always from a pause. */
  step(by: 1 | -1): void {
    this.pause();
    if (this.pace === "steps") {
      this.seek(by > 0 ? Math.floor(this.position) + 1 : Math.ceil(this.position) - 1);
      return;
    }
    const starts = [...new Set(this.views.flatMap((view) => [...view.steps.map((step) => step.start_ms), lasts(view)]))];
    starts.sort((a, b) => a - b);
    const next = by > 0 ? starts.find((ms) => ms > this.position) : starts.findLast((ms) => ms < this.position);
    this.seek(next ?? (by > 0 ? this.end : 0));
  }

  /** To the end of a step of one view, whatever the pace. */
  toStep(view: View, step: number): void {
    this.pause();
    this.seek(this.pace === "steps" ? step : (view.steps[step - 1]?.start_ms ?? 0));
  }

  setPace(pace: Pace): void {
    if (pace === this.pace) return;
    const first = this.views[0];
    const step = first ? this.moment(first).step : 0;
    this.pace = pace;
    this.seek(pace === "steps" ? step : (first?.steps[step - 1]?.start_ms ?? 0));
  }

  private tick = () => {
    if (!this.playing) return;
    const now = this.clock.now();
    const passed = (now - this.last) * this.speed;
    if (this.calm && this.pace === "steps") {
      if (passed >= CALM_STEP_MS) {
        this.position = Math.floor(this.position) + 1;
        this.last = now;
      }
    } else {
      this.position += this.pace === "real" ? passed : passed / STEP_MS;
      this.last = now;
    }
    if (this.position >= this.end) {
      this.position = this.end;
      this.playing = false;
    } else this.frame = this.clock.frame(this.tick);
    const state = this.views.map((view) => this.moment(view)).map((at) => `${at.step}${at.done}`);
    if (!this.playing || state.join() !== this.known) this.changed();
    this.onFrame();
  };

  private changed(): void {
    this.known = this.views.map((view) => this.moment(view)).map((at) => `${at.step}${at.done}`).join();
    this.onChange();
  }
}
