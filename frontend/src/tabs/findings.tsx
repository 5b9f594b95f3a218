import { useMemo, useState } from "preact/hooks";
import type { Finding, Trial } from "../contract.ts";
import { change, count, ms, percent } from "../format.ts";
import { useReport } from "../report.ts";
import { link } from "../router.ts";
import { PairPlot } from "../ui/charts.tsx";
import { Code, Empty, Figure, Gain, Html, Panel, PlaceText, Verdict } from "../ui/index.tsx";

type Key = "matters" | "cost" | "gain" | "phase" | "kind" | "verdict";
const SORTS: Record<Key, string> = { matters: "what matters", cost: "cost", gain: "measured gain", phase: "phase", kind: "kind", verdict: "verdict" };
const VERDICTS = ["confirmed", "inconclusive", "refuted", "not applied", "not testable"];

const compare: Record<Key, (a: Finding, b: Finding) => number> = {
  // Before this order, those come that the overview names.
  matters: (a, b) => (b.ms ?? -1) - (a.ms ?? -1),
  cost: (a, b) => (b.ms ?? -1) - (a.ms ?? -1),
  gain: (a, b) => (b.gain?.median ?? Number.NEGATIVE_INFINITY) - (a.gain?.median ?? Number.NEGATIVE_INFINITY) || 0,
  phase: (a, b) => (a.phase ?? 9) - (b.phase ?? 9),
  kind: (a, b) => a.kind.localeCompare(b.kind),
  verdict: (a, b) => VERDICTS.indexOf(a.verdict ?? "") - VERDICTS.indexOf(b.verdict ?? ""),
};

const unique = (values: string[]) => [...new Set(values)].sort();

export function Findings(props: { parts: string[] }) {
  const lookup = useReport();
  const { findings, tried } = lookup.report;
  const [kind, setKind] = useState("");
  const [verdict, setVerdict] = useState("");
  const [request, setRequest] = useState("");
  const [text, setText] = useState("");
  const [sort, setSort] = useState<Key>("matters");
  const chosen = props.parts[0];
  const shown = useMemo(() => {
    const wanted = text.trim().toLowerCase();
    const matches = (one: Finding) => {
      const place = lookup.place(one.cause ?? one.place);
      const words = [one.id, one.kind, one.title, place?.file, place?.function, ...one.evidence].join(" ").toLowerCase();
      return (
        (!kind || one.kind === kind) &&
        (!verdict || (one.verdict ?? "not tried") === verdict) &&
        (!request || one.requests.includes(request)) &&
        words.includes(wanted)
      );
    };
    const sorted = findings.filter(matches).sort(compare[sort]);
    if (sort !== "matters") return sorted;
    const few = lookup.report.overview.few;
    const rank = (one: Finding) => (few.includes(one.id) ? few.indexOf(one.id) : few.length);
    return sorted.sort((a, b) => rank(a) - rank(b));
  }, [findings, kind, verdict, request, text, sort]);
  if (findings.length === 0)
    return lookup.report.requests.length === 0 ? (
      <Empty command="subsecond audit MODULE:APP requests.http">No findings: no request was measured yet.</Empty>
    ) : (
      <Empty>Nothing was found: no detector saw a bottleneck in the recorded requests.</Empty>
    );
  const finding = chosen === undefined ? shown[0] : lookup.finding(chosen);
  return (
    <>
      {!tried && (
        <p class="note">
          No trial was run, so these are suspicions. <code class="command">subsecond audit</code> without <code>--no-trials</code> puts each to an
          experiment.
        </p>
      )}
      <div class={`master ${chosen === undefined ? "" : "has-chosen"}`}>
        <Panel class="master-list" title="Findings" aside={<span class="secondary">{`${shown.length} of ${findings.length}`}</span>}>
          <div class="filters" role="group" aria-label="Filter and sort">
            <label>
              <span>Search</span>
              <input type="search" value={text} onInput={(event) => setText(event.currentTarget.value)} />
            </label>
            <Choice label="Kind" value={kind} onChange={setKind} options={unique(findings.map((one) => one.kind)).map((one) => [one, one])} />
            <Choice
              label="Request"
              value={request}
              onChange={setRequest}
              options={unique(findings.flatMap((one) => one.requests)).map((one) => [one, lookup.name(one)])}
            />
            <Choice
              label="Verdict"
              value={verdict}
              onChange={setVerdict}
              options={unique(findings.map((one) => one.verdict ?? "not tried")).map((one) => [one, one])}
            />
            <label>
              <span>Sort by</span>
              <select value={sort} onChange={(event) => setSort(event.currentTarget.value as Key)}>
                {Object.entries(SORTS).map(([key, label]) => (
                  <option key={key} value={key}>
                    {label}
                  </option>
                ))}
              </select>
            </label>
          </div>
          {shown.length === 0 && <p class="secondary">No finding matches.</p>}
          <ul class="few finding-list">
            {shown.map((one) => (
              <li key={one.id}>
                <a href={link("findings", one.id)} aria-current={one === finding ? "true" : undefined}>
                  <span class="few-id">{one.id}</span>
                  <span class="few-title">{one.title}</span>
                  <span class="few-ms">{ms(one.ms)}</span>
                  <span class="few-place">
                    {one.kind} · <PlaceText index={one.cause ?? one.place} bare short />
                  </span>
                  <span class="few-verdict">
                    <Gain finding={one} /> <Verdict verdict={one.verdict} />
                  </span>
                </a>
              </li>
            ))}
          </ul>
        </Panel>
        {finding ? <Detail key={finding.id} finding={finding} /> : chosen !== undefined && <Empty>{`There is no finding ${chosen} in this report.`}</Empty>}
      </div>
    </>
  );
}

function Choice(props: { label: string; value: string; options: [string, string][]; onChange: (value: string) => void }) {
  return (
    <label>
      <span>{props.label}</span>
      <select value={props.value} onChange={(event) => props.onChange(event.currentTarget.value)}>
        <option value="">all</option>
        {props.options.map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
    </label>
  );
}

function Detail(props: { finding: Finding }) {
  const { finding } = props;
  const lookup = useReport();
  const { report } = lookup;
  const manual = report.manual[finding.kind];
  const traced = lookup.waterfall(finding.request, undefined);
  const telling = finding.trials.find((trial) => finding.gain !== null && trial.gain?.median === finding.gain.median);
  const base = telling?.base_ms ?? null;
  const mark = traced?.marks[finding.id]?.[0];
  const excerpts = finding.code.map((key) => report.excerpts[key]).filter((one) => one !== undefined);
  return (
    <article class="detail panel" aria-labelledby="finding-title">
      <a class="back" href={link("findings")}>
        ‹ all findings
      </a>
      <header>
        <p class="secondary">
          {finding.id} · {finding.kind} · {finding.phase === null ? "outside the database" : `phase ${finding.phase}`}
        </p>
        <h2 id="finding-title">{finding.title}</h2>
        <p class="places">
          {finding.cause !== null ? (
            <>
              cause <PlaceText index={finding.cause} />
              <br />
              seen at <PlaceText index={finding.place} />
            </>
          ) : (
            <PlaceText index={finding.place} />
          )}
        </p>
      </header>
      <dl class="figures">
        <Figure value={ms(finding.ms)} label="costs now" />
        <Figure value={percent(finding.share)} label="of the request" />
        <Figure value={count(finding.queries)} label="queries" />
        {finding.gain && (
          <Figure
            class={finding.gain.median > 0 ? "good" : "bad"}
            value={change(finding.gain.median)}
            label={`saves ${ms(finding.gain.low)} to ${ms(finding.gain.high)}${base === null ? "" : ` of ${ms(base)}`}`}
          />
        )}
        {!finding.gain && Boolean(finding.queries_saved) && <Figure class="good" value={`−${count(finding.queries_saved)}`} label="queries in its trial" />}
        {finding.growth !== null && <Figure value={finding.growth.toFixed(2)} label="growth exponent" />}
      </dl>
      <p>
        {finding.requests.length === 1 ? "In " : `In ${finding.requests.length} requests: `}
        {finding.requests.map((id, index) => (
          <span key={id}>
            {index > 0 && ", "}
            <a href={link("overview", id)}>{lookup.name(id)}</a>
          </span>
        ))}
        {traced && (
          <>
            {" · "}
            <a href={mark === undefined ? link("waterfall", finding.request, traced.side) : link("waterfall", finding.request, traced.side, `span-${mark}`)}>
              show it in the waterfall
            </a>
          </>
        )}
      </p>
      {finding.evidence.length > 0 && (
        <section>
          <h3>Evidence</h3>
          <ul class="evidence">
            {finding.evidence.map((line, index) => (
              <li key={index}>{line}</li>
            ))}
          </ul>
        </section>
      )}
      {excerpts.length > 0 && (
        <section>
          <h3>Code</h3>
          {excerpts.map((excerpt) => (
            <Code key={`${excerpt.file}:${excerpt.marked}`} excerpt={excerpt} />
          ))}
        </section>
      )}
      {finding.statements.length > 0 && (
        <section>
          <h3>{finding.statements.length === 1 ? "Statement" : "Statements"}</h3>
          {finding.statements.map((index) => {
            const statement = report.statements[index];
            return statement && <Html key={index} html={statement.sql_html} label={`${statement.operation} on ${statement.tables.join(", ")}`} />;
          })}
        </section>
      )}
      <section>
        <h3>Experiment</h3>
        {finding.trials.length === 0 && (
          <p class="secondary">{finding.untestable ? `No experiment is possible: ${finding.untestable}.` : "No trial was run for it."}</p>
        )}
        {finding.trials.map((trial, index) => (
          <TrialCard key={index} trial={trial} />
        ))}
      </section>
      <section>
        <h3>Patch</h3>
        {finding.patch?.patch_html ? (
          <>
            <p class="secondary">by {finding.patch.by}</p>
            <Html html={finding.patch.patch_html} label={`Patch for ${finding.id}`} class="diff" />
          </>
        ) : finding.patch?.why_none ? (
          <p class="secondary">
            None: {finding.patch.why_none} {finding.patch.by && `(${finding.patch.by})`}
          </p>
        ) : (
          <p class="secondary">
            None was asked for: <code class="command">subsecond fix {finding.id}</code>
          </p>
        )}
      </section>
      {manual && (
        <details class="manual">
          <summary>Manual: {manual.title}</summary>
          <Html html={manual.page_html} label={`Manual page of ${finding.kind}`} />
        </details>
      )}
    </article>
  );
}

function TrialCard(props: { trial: Trial }) {
  const { trial } = props;
  const lookup = useReport();
  const name = lookup.name(trial.request);
  const far = lookup.report.overview.rtt_ms;
  const facts: [string, string][] = [];
  if (trial.gain) facts.push(["Gain", `${ms(trial.gain.median)} (${ms(trial.gain.low)} to ${ms(trial.gain.high)})`]);
  if (trial.base_ms !== null) facts.push(["Base", `${ms(trial.base_ms)}${far === null ? "" : `, each round trip ${ms(far)} longer`}`]);
  if (trial.fidelity) facts.push(["Fidelity", trial.fidelity]);
  if (trial.queries_saved !== null) facts.push(["Queries saved", count(trial.queries_saved)]);
  if (trial.response_equal !== null) facts.push(["Response", trial.response_equal ? "equal" : "another one"]);
  if (trial.method) facts.push(["Method", [trial.method, trial.clock].filter(Boolean).join(", by ")]);
  return (
    <div class="trial">
      <p class="trial-head">
        <Verdict verdict={trial.verdict} /> {trial.virtual_fix !== "none" && <b>{trial.virtual_fix} </b>}<span class="secondary">on {name}</span>
      </p>
      {trial.why && <p>{trial.why}</p>}
      <PairPlot trial={trial} />
      {facts.length > 0 && (
        <dl class="facts-list">
          {facts.map(([label, value]) => (
            <div key={label}>
              <dt>{label}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      )}
      {trial.differences.length > 0 && (
        <ul class="evidence">
          {trial.differences.map((line, index) => (
            <li key={index}>{line}</li>
          ))}
        </ul>
      )}
    </div>
  );
}
