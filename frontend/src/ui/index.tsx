// Small parts that every tab uses.
import { type ComponentChildren, Fragment, type TargetedKeyboardEvent } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Attempt, Excerpt, Finding, Trial } from "../contract.ts";
import { change, plural } from "../format.ts";
import { type Side, useReport } from "../report.ts";
import { link } from "../router.ts";

export function Panel(props: { title?: ComponentChildren; aside?: ComponentChildren; class?: string; children: ComponentChildren }) {
  return (
    <section class={`panel ${props.class ?? ""}`}>
      {(props.title || props.aside) && (
        <header class="panel-head">
          {props.title && <h2>{props.title}</h2>}
          {props.aside && <div class="aside">{props.aside}</div>}
        </header>
      )}
      {props.children}
    </section>
  );
}

/** What a tab says when it has nothing to show, and the command that changes that. */
export function Empty(props: { children: ComponentChildren; command?: string }) {
  return (
    <div class="empty">
      <p>{props.children}</p>
      {props.command && (
        <p>
          <code class="command">{props.command}</code>
        </p>
      )}
    </div>
  );
}

/** HTML of the report's own highlighter: the only fields whose name ends in `_html` come here, nothing recorded does. */
export function Html(props: { html: string; label: string; class?: string }) {
  return (
    <div
      class={`html ${props.class ?? ""}`}
      role="region"
      aria-label={props.label}
      tabIndex={0}
      dangerouslySetInnerHTML={{ __html: props.html }}
    />
  );
}

export function Code(props: { excerpt: Excerpt }) {
  const { file, marked, code_html } = props.excerpt;
  return (
    <figure class="excerpt">
      <figcaption class="mono">
        {breakable(`${file}:${marked}`)}
      </figcaption>
      <Html html={code_html} label={`Code of ${file} around line ${marked}`} />
    </figure>
  );
}

/** A long name may be broken after its dots and underscores, a path after its slashes, neither within a word. */
export function breakable(name: string) {
  return name.split(name.includes("/") ? /(?<=\/)/ : /(?<=[_.])/).map((part, index) => (
    <Fragment key={index}>
      {index > 0 && <wbr />}
      {part}
    </Fragment>
  ));
}

/** `file:line function`; `bare` without the function, `short` with the last folder only. */
export function PlaceText(props: { index: number | null; bare?: boolean; short?: boolean }) {
  const place = useReport().place(props.index);
  if (!place) return null;
  const file = props.short ? place.file.split("/").slice(-2).join("/") : place.file;
  return (
    <span class="place" title={props.short ? `${place.file}:${place.line}` : undefined}>
      {breakable(`${file}:${place.line}`)}
      {!props.bare && place.function && <span class="function"> {place.function}</span>}
    </span>
  );
}

export const SIDES: Record<Side, string> = { now: "Now", legacy: "Legacy", optimised: "Optimised" };

export function SideTag(props: { side: Side }) {
  if (props.side === "now") return null;
  const sign = props.side === "legacy" ? "−" : "+";
  return (
    <span class={`tag ${props.side}`}>
      <span aria-hidden="true">{sign} </span>
      {SIDES[props.side]}
    </span>
  );
}

const VERDICTS: Record<Trial["verdict"], [string, string]> = {
  confirmed: ["good", "✓"],
  refuted: ["bad", "✕"],
  inconclusive: ["unsure", "?"],
  "not applied": ["none", "–"],
  "not testable": ["none", "–"],
};

export function Verdict(props: { verdict: Trial["verdict"] | null }) {
  const [tone, sign] = props.verdict ? VERDICTS[props.verdict] : ["none", "–"];
  return <Mark tone={tone} sign={sign} word={props.verdict ?? "not tried"} />;
}

/** What the trial of a finding takes off: seconds where they stand out, else statements. */
export function Gain(props: { finding: Pick<Finding, "gain" | "queries_saved"> }) {
  const { gain, queries_saved } = props.finding;
  if (gain) return <span class={gain.median > 0 ? "gain" : "bad"}>{change(gain.median)}</span>;
  return queries_saved ? <span class="gain">−{plural(queries_saved, "query", "queries")}</span> : null;
}

const OUTCOMES: Record<Attempt["outcome"], [string, string]> = {
  kept: ["good", "✓"],
  reverted: ["bad", "✕"],
  refused: ["unsure", "✕"],
  running: ["none", "…"],
  lost: ["none", "–"],
};

export function Outcome(props: { outcome: Attempt["outcome"] }) {
  const [tone, sign] = OUTCOMES[props.outcome];
  return <Mark tone={tone} sign={sign} word={props.outcome} />;
}

export function Mark(props: { tone: string; sign: string; word: string }) {
  return (
    <span class={`mark ${props.tone}`}>
      <span class="sign" aria-hidden="true">
        {props.sign}
      </span>
      {props.word}
    </span>
  );
}

export function FindingLink(props: { id: string; title?: boolean }) {
  const finding = useReport().finding(props.id);
  if (!props.id) return <span class="secondary">no longer found</span>; // an attempt of an earlier audit
  return (
    <a class="finding-link" href={link("findings", props.id)}>
      <b>{props.id}</b> <span class="finding-word">{props.title ? finding?.title : finding?.kind}</span>
    </a>
  );
}

/** Number with its label under it: the one big number of a panel. */
export function Figure(props: { value: ComponentChildren; label: string; class?: string }) {
  return (
    <div class={`figure ${props.class ?? ""}`}>
      <dd>{props.value}</dd>
      <dt>{props.label}</dt>
    </div>
  );
}

export interface TabItem {
  id: string;
  label: ComponentChildren;
  href: string;
}

/** Holds what may be wider than the page; reachable by the keyboard only when there is something to scroll to. */
export function Wide(props: { label: string; children: ComponentChildren }) {
  const box = useRef<HTMLDivElement>(null);
  const [over, setOver] = useState(false);
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setOver(element.scrollWidth > element.clientWidth + 1));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const scrolls = over && ({ tabIndex: 0, role: "region", "aria-label": props.label } as const);
  return (
    <div ref={box} class="wide" {...(scrolls || {})}>
      {props.children}
    </div>
  );
}

/** A list of tabs: one stop for the Tab key, arrow keys inside. */
export function TabList(props: { label: string; items: TabItem[]; selected: string; controls: string; class?: string }) {
  const onKeyDown = (event: TargetedKeyboardEvent<HTMLElement>) => {
    const index = props.items.findIndex((item) => item.id === props.selected);
    const last = props.items.length - 1;
    const moves: Record<string, number> = {
      ArrowRight: index === last ? 0 : index + 1,
      ArrowLeft: index <= 0 ? last : index - 1,
      Home: 0,
      End: last,
    };
    const target = props.items[moves[event.key] ?? -1];
    if (!target || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    location.hash = target.href;
    const list = event.currentTarget;
    requestAnimationFrame(() => list.querySelector<HTMLElement>("[aria-selected=true]")?.focus());
  };
  return (
    <div role="tablist" aria-label={props.label} class={props.class} onKeyDown={onKeyDown}>
      {props.items.map((item) => (
        <a
          key={item.id}
          id={`tab-${item.id}`}
          role="tab"
          href={item.href}
          aria-selected={item.id === props.selected}
          aria-controls={item.id === props.selected ? props.controls : undefined}
          tabIndex={item.id === props.selected ? 0 : -1}
        >
          {item.label}
        </a>
      ))}
    </div>
  );
}

export function useMedia(query: string): boolean {
  const [matches, setMatches] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const list = matchMedia(query);
    const changed = () => setMatches(list.matches);
    list.addEventListener("change", changed);
    return () => list.removeEventListener("change", changed);
  }, [query]);
  return matches;
}

/** Whether the page goes to paper: what a window scrolls on the screen must all be there. */
export function usePrinting(): boolean {
  const [printing, setPrinting] = useState(false);
  useEffect(() => {
    const before = () => setPrinting(true);
    const after = () => setPrinting(false);
    addEventListener("beforeprint", before);
    addEventListener("afterprint", after);
    return () => {
      removeEventListener("beforeprint", before);
      removeEventListener("afterprint", after);
    };
  }, []);
  return printing;
}

/** Width of an element, followed; `ref` goes onto the element. */
export function useWidth(): [(element: HTMLElement | null) => void, number] {
  const [element, setElement] = useState<HTMLElement | null>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    if (!element) return;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    setWidth(element.clientWidth);
    return () => observer.disconnect();
  }, [element]);
  return [setElement, width];
}

/** Gives the reader a file, made in the page: nothing is asked of anybody. */
export function download(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const anchor = document.createElement("a");
  anchor.href = url;
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
