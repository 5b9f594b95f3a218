// Play, step, seek, pace. Space, arrows, Home and End do the same from anywhere that has no use for them.
import { useEffect } from "preact/hooks";
import type { View } from "../contract.ts";
import { ms } from "../format.ts";
import { SIDES } from "../ui/index.tsx";
import { type Player, SPEEDS } from "./player.ts";

/** What a paused player says: the step that stands, of each view. */
export function said(player: Player, views: View[]): string {
  return views
    .map((view) => {
      const at = player.moment(view);
      const step = view.steps[at.step - 1];
      const side = views.length > 1 ? `${SIDES[view.side]}: ` : "";
      if (!step) return `${side}not started`;
      return `${side}step ${at.step} of ${view.steps.length}: ${step.text}`;
    })
    .join(". ");
}

export function Controls(props: { player: Player; views: View[]; playing: boolean; position: number }) {
  const { player, views, playing } = props;
  const real = player.pace === "real";

  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (target.closest("input, select, textarea, dialog, .inspector, [role=tablist], .html")) return;
      const pressable = target.closest("button, a, summary");
      const actions: Record<string, () => void> = {
        ArrowRight: () => player.step(1),
        ArrowLeft: () => player.step(-1),
        Home: () => player.seek(0),
        End: () => player.seek(player.end),
      };
      if (!pressable) actions[" "] = () => player.toggle();
      const action = actions[event.key];
      if (!action) return;
      event.preventDefault();
      action();
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, [player]);

  const longest = Math.max(0, ...views.map((view) => view.steps.length));
  const timed = views.some((view) => view.ms !== null);
  return (
    <div class="controls" role="group" aria-label="Player">
      <button type="button" class="primary play" onClick={() => player.toggle()} disabled={longest === 0}>
        {playing ? "Pause" : "Play"}
      </button>
      <button type="button" onClick={() => player.step(-1)} aria-label="Step back">
        ‹
      </button>
      <button type="button" onClick={() => player.step(1)} aria-label="Step">
        Step ›
      </button>
      <input
        type="range"
        min={0}
        max={real ? Math.ceil(player.end) : longest}
        step={1}
        value={real ? Math.round(props.position) : Math.ceil(props.position)}
        aria-label="Position"
        aria-valuetext={said(player, views)}
        onInput={(event) => {
          player.pause();
          player.seek(Number(event.currentTarget.value));
        }}
      />
      <output class="where" aria-label="Where it stands">
        {real ? `${ms(props.position)} of ${ms(player.end)}` : `step ${Math.ceil(props.position)} of ${longest}`}
      </output>
      <label class="select">
        Speed
        <select
          value={player.speed}
          onChange={(event) => {
            player.speed = Number(event.currentTarget.value);
            player.onChange();
          }}
        >
          {SPEEDS.map((speed) => (
            <option key={speed} value={speed}>
              {speed}×
            </option>
          ))}
        </select>
      </label>
      <label class="check">
        <input
          type="checkbox"
          checked={real}
          disabled={!timed}
          onChange={(event) => player.setPace(event.currentTarget.checked ? "real" : "steps")}
        />
        Real time
      </label>
      <p class="visually-hidden" aria-live="polite">
        {playing ? "" : said(player, views)}
      </p>
    </div>
  );
}
