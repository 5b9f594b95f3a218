import { useEffect, useRef, useState } from "preact/hooks";
import { plural } from "./format.ts";
import { useReport } from "./report.ts";
import { link, type Tab, TABS, useRoute } from "./router.ts";
import { Architecture } from "./tabs/architecture.tsx";
import { Findings } from "./tabs/findings.tsx";
import { Overview } from "./tabs/overview.tsx";
import { PlanTab } from "./tabs/plan.tsx";
import { Proof } from "./tabs/proof.tsx";
import { WaterfallTab } from "./tabs/waterfall.tsx";
import { TabList } from "./ui/index.tsx";

const TITLES: Record<Tab, string> = {
  overview: "Overview",
  architecture: "Architecture",
  waterfall: "Waterfall",
  findings: "Findings",
  plan: "Plan",
  proof: "Proof",
};

const PANELS: Record<Tab, (props: { parts: string[] }) => preact.JSX.Element> = {
  overview: Overview,
  architecture: Architecture,
  waterfall: WaterfallTab,
  findings: Findings,
  plan: PlanTab,
  proof: Proof,
};

const THEMES = ["auto", "light", "dark"] as const;

/** Light, dark, or as the system has it. Not remembered: a report leaves nothing behind in the browser. */
function ThemeButton() {
  const [theme, setTheme] = useState<(typeof THEMES)[number]>("auto");
  const turn = () => {
    const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? "auto";
    setTheme(next);
    if (next === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = next;
  };
  return (
    <button type="button" class="quiet" onClick={turn} aria-label={`Colours: ${theme}. Change`}>
      Colours: {theme}
    </button>
  );
}

const KEYS: [string, string][] = [
  ["1 … 6", "Overview, Architecture, Waterfall, Findings, Plan, Proof"],
  ["← →", "within a list of tabs: the next tab; in a diagram: the next box; else: one step of the player"],
  ["Space", "play, pause"],
  ["Home, End", "first and last step"],
  ["Enter", "open a box, a span, a finding"],
  ["Esc", "close what is open"],
  ["?", "this list"],
];

function Keys(props: { onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} class="keys" aria-labelledby="keys-title" onClose={props.onClose}>
      <h2 id="keys-title">Keys</h2>
      <dl>
        {KEYS.map(([key, what]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <form method="dialog">
        <button type="submit">Close</button>
      </form>
    </dialog>
  );
}

const typing = (event: KeyboardEvent) =>
  event.target instanceof HTMLElement && event.target.matches("input:not([type=range]):not([type=checkbox]), select, textarea");

export function Shell(props: { reachable: boolean }) {
  const { report } = useReport();
  const { tab, parts } = useRoute();
  const [keys, setKeys] = useState(false);
  const strip = useRef<HTMLDivElement>(null);

  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (typing(event) || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "?") setKeys(true);
      const name = TABS[Number(event.key) - 1];
      if (name) location.hash = link(name);
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);

  useEffect(() => {
    // On paper nothing can be opened.
    const opened = new Set<HTMLDetailsElement>();
    const before = () => {
      for (const one of document.querySelectorAll<HTMLDetailsElement>("main details:not([open])")) {
        one.open = true;
        opened.add(one);
      }
    };
    const after = () => {
      for (const one of opened) one.open = false;
      opened.clear();
    };
    addEventListener("beforeprint", before);
    addEventListener("afterprint", after);
    return () => {
      removeEventListener("beforeprint", before);
      removeEventListener("afterprint", after);
    };
  }, []);

  useEffect(() => {
    // Phones: the chosen tab stays in sight. Only the strip scrolls, never the page.
    const chosen = strip.current?.querySelector<HTMLElement>("[aria-selected=true]");
    const list = chosen?.parentElement;
    if (list && chosen) list.scrollLeft = chosen.offsetLeft - list.clientWidth / 2 + chosen.offsetWidth / 2;
  }, [tab]);

  const Body = PANELS[tab];
  const counts: Partial<Record<Tab, number>> = {
    findings: report.findings.length,
    plan: report.plan?.steps.length,
    proof: report.ledger?.attempts.length,
  };
  return (
    <>
      <header class="top">
        <div class="brand">
          <h1>
            {report.name}
            {report.compared && <span class="compared"> against {report.compared}</span>}
          </h1>
          <p class="product">subsecond report</p>
        </div>
        <div class="top-tools">
          {report.live && (
            <span class={`live-state ${props.reachable ? "" : "gone"}`} role="status">
              {props.reachable ? "live" : "the server does not answer"}
            </span>
          )}
          <ThemeButton />
          <button type="button" class="quiet" onClick={() => setKeys(true)} aria-label="Keys">
            ?
          </button>
        </div>
        <div ref={strip} class="strip">
          <TabList
            label="Parts of the report"
            class="tabs"
            selected={tab}
            controls="panel"
            items={TABS.map((id) => ({
              id,
              href: link(id),
              label: (
                <>
                  {TITLES[id]}
                  {counts[id] !== undefined && (
                    <span class="tab-count" title={plural(counts[id] as number, "entry", "entries")}>
                      {counts[id]}
                    </span>
                  )}
                </>
              ),
            }))}
          />
        </div>
      </header>
      <main>
        <div id="panel" role="tabpanel" aria-labelledby={`tab-${tab}`} class={`tab-${tab}`}>
          <Body parts={parts} />
        </div>
      </main>
      {keys && <Keys onClose={() => setKeys(false)} />}
    </>
  );
}
