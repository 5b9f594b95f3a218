import { useState } from "preact/hooks";
import type { Comparison, Request } from "../contract.ts";
import { count, factor, ms, percent, plural, times } from "../format.ts";
import { useReport } from "../report.ts";
import { link } from "../router.ts";
import { TimeBar, TimeTable } from "../ui/charts.tsx";
import { Empty, FindingLink, Gain, Panel, PlaceText, SIDES, SideTag, Verdict, Wide } from "../ui/index.tsx";

const LIFE_ROWS = 14;

export function Overview(props: { parts: string[] }) {
  const lookup = useReport();
  const { report } = lookup;
  const ids = lookup.ids();
  const id = ids.find((one) => one === props.parts[0]) ?? report.overview.request ?? ids[0];
  if (id === undefined)
    return (
      <Empty command="subsecond audit MODULE:APP requests.http">No request was measured yet. Audit the application first.</Empty>
    );
  const sides = lookup.sides(id);
  const first = sides[0] as Request;
  const comparison = report.overview.comparisons.find((one) => one.request === id);
  return (
    <>
      <p class="headline">{report.overview.headline}</p>
      <div class="columns">
        <div class="column">
          <RequestTable chosen={id} />
          <Few />
          <DesignPanel request={first} />
        </div>
        <div class="column">
          <Panel
            title={first.name}
            aside={
              <code class="mono">
                {first.method} {first.url}
              </code>
            }
          >
            {first.error && <p class="note">{first.error}</p>}
            {comparison ? <BeforeAfter comparison={comparison} /> : !first.error && <Measured request={first} />}
          </Panel>
          <Where sides={sides} />
          <Needs sides={sides} />
        </div>
      </div>
      <Life sides={sides} />
      {report.overview.notes.length > 0 && (
        <Panel title="Notes of the audit">
          <ul class="notes">
            {report.overview.notes.map((note, index) => (
              <li key={index}>{note}</li>
            ))}
          </ul>
        </Panel>
      )}
    </>
  );
}

/** All requests, with before and after where there are two sides; a row leads to its analysis. */
function RequestTable(props: { chosen: string }) {
  const lookup = useReport();
  const compared = lookup.report.compared !== null;
  const ids = lookup.ids();
  /** Both sides measured beside each other, where they were; else each by its own audit. */
  const time = (id: string) => {
    const found = lookup.report.overview.comparisons.find((one) => one.request === id && one.basis === "measured");
    return found?.rows.find((row) => row.key === "time");
  };
  return (
    <Panel title="Requests" aside={<span class="secondary">median of the response time</span>}>
      <Wide label="Requests">
        <table class="numbers rows">
          <thead>
            <tr>
              <th scope="col">Request</th>
              <th scope="col">{compared ? "Legacy" : "Now"}</th>
              {compared && <th scope="col">Optimised</th>}
              <th scope="col">Queries</th>
              <th scope="col">Findings</th>
            </tr>
          </thead>
          <tbody>
            {ids.map((id) => {
              const [before, ...others] = lookup.sides(id) as [Request, ...Request[]];
              const legacy = before.side === "optimised" ? undefined : before;
              const after = before.side === "optimised" ? before : others.at(-1);
              const both = compared ? time(id) : undefined;
              return (
                <tr key={id} class={id === props.chosen ? "chosen" : ""}>
                  <th scope="row">
                    <a href={link("overview", id)} aria-current={id === props.chosen ? "true" : undefined}>
                      {before.name}
                    </a>
                  </th>
                  <td>{legacy?.ms ? ms(both?.before ?? legacy.ms.median) : legacy?.error ? <span class="bad">failed</span> : "–"}</td>
                  {compared && <td>{after?.ms ? ms(both?.after ?? after.ms.median) : after?.error ? <span class="bad">failed</span> : "–"}</td>}
                  <td>
                    {count(legacy?.queries)}
                    {compared && <> → {count(after?.queries)}</>}
                  </td>
                  <td>{legacy?.findings.length ?? 0}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </Wide>
    </Panel>
  );
}

function BeforeAfter(props: { comparison: Comparison }) {
  const { comparison } = props;
  const show = (unit: "ms" | "count", value: number | null) => (unit === "ms" ? ms(value) : count(value));
  return (
    <>
      <Wide label="Before and after">
        <table class="numbers rows before-after">
          <thead>
            <tr>
              <th scope="col">
                <span class="visually-hidden">Measure</span>
              </th>
              <th scope="col">Before</th>
              <th scope="col">{comparison.basis === "measured" ? "After, measured" : "After, predicted"}</th>
              <th scope="col">Change</th>
            </tr>
          </thead>
          <tbody>
            {comparison.rows.map((row) => (
              <tr key={row.key} class={row.key === "time" ? "hero" : ""}>
                <th scope="row">
                  {row.label}
                  {row.note && <span class="row-note"> {row.note}</span>}
                </th>
                <td>{show(row.unit, row.before)}</td>
                <td>{show(row.unit, row.after)}</td>
                <td class="secondary">{row.before !== null && row.after !== null ? factor(row.before, row.after) : ""}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Wide>
      <p class="secondary">{comparison.source}</p>
    </>
  );
}

function Measured(props: { request: Request }) {
  const { request } = props;
  const rows: [string, string, string][] = [
    ["Response time", request.ms ? ms(request.ms.median) : "–", request.ms ? `${ms(request.ms.low)} to ${ms(request.ms.high)}, ${request.runs} runs` : ""],
    ["Queries", count(request.queries), ""],
    ["Sessions", count(request.sessions), request.session_sites === null ? "" : `opened at ${plural(request.session_sites, "place")}`],
    ["Rows fetched", count(request.rows), ""],
    ["Recording added", percent(request.recording_added), "to the time of the recorded run"],
  ];
  return (
    <table class="numbers rows">
      <tbody>
        {rows.map(([label, value, note], index) => (
          <tr key={label} class={index === 0 ? "hero" : ""}>
            <th scope="row">
              {label}
              {note && <span class="row-note"> {note}</span>}
            </th>
            <td>{value}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Where(props: { sides: Request[] }) {
  const sides = props.sides.filter((side) => side.time.length > 0);
  const sum = (side: Request) => side.time.reduce((total, part) => total + part.ms, 0);
  const whole = Math.max(0, ...sides.map(sum));
  return (
    <Panel title="Where the time goes">
      {sides.length === 0 ? (
        <p class="secondary">Not measured for this request.</p>
      ) : (
        <>
          <div class="bars">
            {sides.map((side) => (
              <div key={side.side} class="bar-row">
                <span class="bar-name">{side.side === "now" ? "Now" : <SideTag side={side.side} />}</span>
                <TimeBar parts={side.time} whole={whole} label={SIDES[side.side]} />
                <span class="bar-sum">{ms(sum(side))}</span>
              </div>
            ))}
          </div>
          <TimeTable sides={sides.map((side) => ({ label: SIDES[side.side], parts: side.time }))} />
        </>
      )}
    </Panel>
  );
}

function Few() {
  const lookup = useReport();
  const { report } = lookup;
  const few = report.overview.few.map((id) => lookup.finding(id)).filter((one) => one !== undefined);
  return (
    <Panel title="What matters most" aside={<a href={link("findings")}>all {count(report.findings.length)} findings</a>}>
      {few.length === 0 ? (
        <p class="secondary">Nothing was found.</p>
      ) : (
        <ul class="few">
          {few.map((finding) => (
            <li key={finding.id}>
              <a href={link("findings", finding.id)}>
                <span class="few-id">{finding.id}</span>
                <span class="few-title">{finding.title}</span>
                <span class="few-ms">{ms(finding.ms)}</span>
                <span class="few-place">
                  {finding.kind} · <PlaceText index={finding.cause ?? finding.place} bare short />
                </span>
                <span class="few-verdict">
                  <Gain finding={finding} /> <Verdict verdict={finding.verdict} />
                </span>
              </a>
            </li>
          ))}
        </ul>
      )}
      {few.length > 0 && report.overview.rtt_ms !== null && (
        <p class="secondary">Gains are with {ms(report.overview.rtt_ms)} added to each round trip to the database, times without.</p>
      )}
    </Panel>
  );
}

function Life(props: { sides: Request[] }) {
  const sides = props.sides.filter((side) => side.life.length > 0);
  const [all, setAll] = useState(false);
  if (sides.length === 0) return null;
  return (
    <div class="columns">
      {sides.map((side) => {
        const whole = Math.max(...side.life.map((step) => step.start_ms + step.ms), 1e-9);
        const shown = all ? side.life : side.life.slice(0, LIFE_ROWS);
        return (
          <Panel
            key={side.side}
            title={
              <>
                Life of the request <SideTag side={side.side} />
              </>
            }
            aside={
              side.life.length > LIFE_ROWS && (
                <button type="button" class="quiet" onClick={() => setAll(!all)}>
                  {all ? "fewer" : `all ${side.life.length}`}
                </button>
              )
            }
          >
            <ol class="life">
              {shown.map((step, index) => (
                <li key={index} class={step.what} style={{ "--depth": Math.min(step.depth, 8) }}>
                  <span class="life-title">
                    {step.title}
                    {step.times > 1 && <b> {times(step.times)}</b>}
                    <span class="life-place">
                      <PlaceText index={step.place} bare />
                    </span>
                  </span>
                  <span class="life-track" aria-hidden="true">
                    <span style={{ left: `${(100 * step.start_ms) / whole}%`, width: `${Math.min(100 - (100 * step.start_ms) / whole, (100 * step.ms) / whole)}%` }} />
                  </span>
                  <span class="life-ms">{ms(step.ms)}</span>
                </li>
              ))}
            </ol>
          </Panel>
        );
      })}
    </div>
  );
}

function Needs(props: { sides: Request[] }) {
  const [first, second] = props.sides;
  if (!first || (first.needs.length === 0 && !second?.needs.length)) return null;
  const keys = [...new Map(props.sides.flatMap((side) => side.needs.map((need) => [`${need.sort}/${need.name}`, need] as const))).values()];
  const of = (side: Request | undefined, sort: string, name: string) => side?.needs.find((need) => need.sort === sort && need.name === name);
  return (
    <Panel title="What it depends on">
      <Wide label="Dependencies">
        <table class="numbers rows">
          <thead>
            <tr>
              <th scope="col">Dependency</th>
              {props.sides.map((side) => (
                <th key={side.side} scope="col" colSpan={2}>
                  {SIDES[side.side]}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {keys.map((need) => (
              <tr key={`${need.sort}/${need.name}`}>
                <th scope="row">
                  {need.name} <span class="row-note">{need.sort}</span>
                </th>
                {props.sides.map((side) => {
                  const found = of(side, need.sort, need.name);
                  return (
                    <>
                      <td>{found ? times(found.calls) : "–"}</td>
                      <td>{ms(found?.ms)}</td>
                    </>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </Wide>
    </Panel>
  );
}

function DesignPanel(props: { request: Request }) {
  const design = props.request.design;
  if (!design) return null;
  const rows: [string, number, number | null][] = [
    ["Statements", design.statements_now, design.statements_then],
    ["Sessions", design.sessions_now, design.sessions_then],
    ["Log records", design.logs_now, design.logs_then],
    ["Calls to others", design.calls_now, null],
  ];
  return (
    <Panel title="Target design" aside={<span class="secondary">what would remain once the findings are mended</span>}>
      <Wide label="Target design">
        <table class="numbers rows">
          <thead>
            <tr>
              <th scope="col">
                <span class="visually-hidden">What</span>
              </th>
              <th scope="col">Now</th>
              <th scope="col">Then</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(([label, now, then]) => (
              <tr key={label} class="sum">
                <th scope="row">{label}</th>
                <td>{count(now)}</td>
                <td>{then === null ? "as now" : count(then)}</td>
              </tr>
            ))}
            {design.statements.map((one, index) => {
              const id = /^F\d+/.exec(one.why)?.[0];
              return (
                <tr key={index}>
                  <th scope="row">
                    {one.title}
                    <span class="row-note">
                      {" "}
                      <PlaceText index={one.place} bare /> {id ? <FindingLink id={id} /> : one.why}
                    </span>
                  </th>
                  <td>{count(one.now)}</td>
                  <td>{count(one.then)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </Wide>
    </Panel>
  );
}
