// Kinds are told by shape and word; colour only helps.
import type { View } from "../contract.ts";

const KINDS: [View["boxes"][number]["kind"], string][] = [
  ["person", "Person"],
  ["external", "External system"],
  ["container", "Container"],
  ["component", "Component"],
  ["session", "Session"],
  ["cache", "Cache"],
  ["database", "Database"],
  ["table", "Table"],
];

export function Legend(props: { views: View[] }) {
  const seen = new Set(props.views.flatMap((view) => view.boxes.map((box) => box.kind)));
  const compared = props.views.length > 1;
  const optional = props.views.some((view) => view.arrows.some((arrow) => arrow.optional));
  return (
    <ul class="legend" aria-label="Legend">
      {KINDS.filter(([kind]) => seen.has(kind)).map(([kind, word]) => (
        <li key={kind}>
          <span class={`swatch box ${kind}`} aria-hidden="true" /> {word}
        </li>
      ))}
      {optional && (
        <li>
          <svg class="swatch-line" width="28" height="10" aria-hidden="true">
            <path class="arrow optional" d="M1 5H27" />
          </svg>
          not run in this request
        </li>
      )}
      <li>
        <span class="badge-sample" aria-hidden="true">
          ×12
        </span>
        runs along the arrow, marked above 4
      </li>
      <li>
        <span class="box-badge sample" aria-hidden="true">
          F1
        </span>
        finding
      </li>
      {compared && (
        <>
          <li>
            <span class="swatch box removed" aria-hidden="true" /> − Legacy: removed since
          </li>
          <li>
            <span class="swatch box added" aria-hidden="true" /> + Optimised: added
          </li>
        </>
      )}
    </ul>
  );
}
