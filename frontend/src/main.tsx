import "./tokens.css";
import "./css/page.css";
import "./css/code.css";
import "./css/diagram.css";
import "./css/tabs.css";
import "./css/print.css";
import { render } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import type { Report } from "./contract.ts";
import { embedded, follow, Unreadable } from "./data.ts";
import { Lookup, ReportContext } from "./report.ts";
import { Shell } from "./shell.tsx";

function Page(props: { first: Report }) {
  const [report, setReport] = useState(props.first);
  const [reachable, setReachable] = useState(true);
  useEffect(() => {
    if (props.first.live) follow(setReport, setReachable);
  }, []);
  const lookup = useMemo(() => new Lookup(report), [report]);
  return (
    <ReportContext.Provider value={lookup}>
      <Shell reachable={reachable} />
    </ReportContext.Provider>
  );
}

function Failure(props: { text: string }) {
  return (
    <main class="failure">
      <h1>subsecond report</h1>
      <p>{props.text}</p>
    </main>
  );
}

const root = document.getElementById("page") as HTMLElement;
try {
  const report = await embedded();
  document.title = `subsecond report: ${report.name}`;
  render(<Page first={report} />, root);
} catch (error) {
  if (!(error instanceof Unreadable)) throw error;
  render(<Failure text={error.message} />, root);
}
// Two frames on, what was rendered is painted: who takes pictures or measures waits for this.
requestAnimationFrame(() =>
  requestAnimationFrame(() => {
    performance.mark("subsecond-ready");
    document.documentElement.dataset.ready = "1";
  }),
);
