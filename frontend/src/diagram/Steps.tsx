// The twin of a diagram in words: what a phone, a screen reader, a printer and the browser's search get.
import { useEffect, useRef } from "preact/hooks";
import type { View, ViewStep } from "../contract.ts";
import { ms, times } from "../format.ts";
import { useReport } from "../report.ts";
import { link } from "../router.ts";
import { PlaceText, SideTag } from "../ui/index.tsx";
import type { Moment } from "./player.ts";

const NUMBER = /^(×?[\d,.]+|[<×]?[\d,.]+ (ms|s))$/;

/** The step's text without the parts that stand in columns of their own: times, duration, place. */
function brief(step: ViewStep, place: string): string {
  const parts = step.text.split(", ").filter((part, index) => index === 0 || !(NUMBER.test(part) || part === place));
  return parts.join(", ");
}

export function Steps(props: { view: View; moment: Moment; playing: boolean; onStep: (step: number) => void }) {
  const { view, moment } = props;
  const report = useReport();
  const list = useRef<HTMLOListElement>(null);
  useEffect(() => {
    // Only the list scrolls, never the page.
    const at = list.current?.children[moment.step - 1] as HTMLElement | undefined;
    if (at && list.current) list.current.scrollTop = at.offsetTop - list.current.clientHeight / 2;
  }, [moment.step]);
  const onKeyDown = (event: KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const links = [...(list.current?.querySelectorAll<HTMLElement>("a.step") ?? [])];
    links[links.indexOf(document.activeElement as HTMLElement) + by]?.focus();
  };
  const traced = view.request !== null && report.waterfall(view.request, view.side)?.side === view.side;
  return (
    <section class="steps">
      <h3>
        Steps <SideTag side={view.side} /> <span class="count">{view.steps.length}</span>
      </h3>
      {view.steps.length === 0 ? (
        <p class="secondary">No step was recorded for this diagram.</p>
      ) : (
        <ol ref={list} onKeyDown={onKeyDown} tabIndex={-1} aria-label={`Steps of ${view.title}`}>
          {view.steps.map((step, index) => {
            const at = report.place(step.place);
            return (
            <li
              key={index}
              class={index + 1 === moment.step ? "live" : index + 1 < moment.step ? "done" : ""}
              aria-current={index + 1 === moment.step ? "step" : undefined}
            >
              <a
                class="step"
                href={link("architecture", view.id, `step-${index + 1}`)}
                tabIndex={index + 1 === Math.max(1, moment.step) ? 0 : -1}
                onClick={() => props.onStep(index + 1)}
              >
                <span class="step-number">{index + 1}</span>
                <span class="step-text">{brief(step, at ? `${at.file}:${at.line}` : "")}</span>
                <span class="step-times">{step.times > 1 ? times(step.times) : ""}</span>
                <span class="step-ms">{ms(step.ms)}</span>
                <span class="step-place">
                  <PlaceText index={step.place} bare short />
                </span>
              </a>
              {traced && step.spans.length > 0 && (
                <a class="step-more" href={link("waterfall", view.request as string, view.side, `span-${step.spans[0]}`)} tabIndex={-1}>
                  <span class="visually-hidden">Step {index + 1} in the </span>waterfall
                </a>
              )}
            </li>
            );
          })}
        </ol>
      )}
    </section>
  );
}
