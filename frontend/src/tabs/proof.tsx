import { useEffect } from "preact/hooks";
import type { Attempt, Gate, Ledger } from "../contract.ts";
import { count, ms } from "../format.ts";
import { useReport } from "../report.ts";
import { link } from "../router.ts";
import { Empty, Figure, FindingLink, Html, Mark, Outcome, Panel, Wide } from "../ui/index.tsx";

const GATES: Record<Gate["verdict"], [string, string]> = {
  passed: ["good", "✓"],
  failed: ["bad", "✕"],
  "no verdict": ["unsure", "?"],
  "not applicable": ["none", "–"],
};

export function Proof(props: { parts: string[] }) {
  const { ledger } = useReport().report;
  const wanted = /^attempt-(\d+)$/.exec(props.parts[0] ?? "")?.[1];
  useEffect(() => {
    if (wanted) document.getElementById(`attempt-${wanted}`)?.scrollIntoView({ block: "start" });
  }, [wanted]);
  if (!ledger || (ledger.attempts.length === 0 && ledger.constraints.length === 0))
    return (
      <Empty command="subsecond optimize --goal 500ms">
        Nothing was attempted yet. Each change is put through the gates and kept or taken back; what failed is remembered.
      </Empty>
    );
  return (
    <>
      <Summary ledger={ledger} />
      {ledger.attempts.map((attempt) => (
        <AttemptPanel key={attempt.number} attempt={attempt} open={String(attempt.number) === wanted} />
      ))}
      {ledger.constraints.length > 0 && (
        <Panel title="What was learned" aside={<span class="secondary">checked before the next attempt runs</span>}>
          <ul class="constraints">
            {ledger.constraints.map((one, index) => (
              <li key={index}>
                <b>{one.text}</b>
                {one.because && (
                  <span class="secondary">
                    {" "}
                    because <Because text={one.because} />
                  </span>
                )}
                <span class="rule mono">{one.rule}</span>
              </li>
            ))}
          </ul>
        </Panel>
      )}
    </>
  );
}

/** What a constraint rests on; an attempt is a link to it. */
function Because(props: { text: string }) {
  return (
    <>
      {props.text.split(/(attempt \d+)/).map((part, index) =>
        index % 2 ? (
          <a key={index} href={link("proof", part.replace(" ", "-"))}>
            {part}
          </a>
        ) : (
          part
        ),
      )}
    </>
  );
}

function Summary(props: { ledger: Ledger }) {
  const { attempts, base, result } = props.ledger;
  const of = (outcome: Attempt["outcome"]) => attempts.filter((one) => one.outcome === outcome).length;
  return (
    <Panel title="Attempts">
      <dl class="figures">
        <Figure value={count(attempts.length)} label="attempts" />
        <Figure class="good" value={count(of("kept"))} label="kept" />
        <Figure class="bad" value={count(of("reverted"))} label="reverted" />
        <Figure value={count(of("refused"))} label="refused before any gate" />
        <Figure value={ms(attempts.reduce((total, one) => total + (one.ms ?? 0), 0))} label="at work on them" />
      </dl>
      {base && (
        <p class="secondary">
          base <code>{base.slice(0, 12)}</code>
          {result ? (
            <>
              , with everything kept <code>{result.slice(0, 12)}</code>
            </>
          ) : (
            ", the loop has not ended"
          )}
        </p>
      )}
      {attempts.length > 0 && <GateTable attempts={attempts} />}
    </Panel>
  );
}

function GateTable(props: { attempts: Attempt[] }) {
  const names = [...new Set(props.attempts.flatMap((one) => one.gates.map((gate) => gate.name)))];
  return (
    <Wide label="Gates of the attempts">
      <table class="rows gate-table">
        <thead>
          <tr>
            <th scope="col">Attempt</th>
            <th scope="col">Finding</th>
            <th scope="col">Outcome</th>
            {names.map((name) => (
              <th key={name} scope="col" class="gate-name">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {props.attempts.map((attempt) => (
            <tr key={attempt.number}>
              <th scope="row">
                <a href={link("proof", `attempt-${attempt.number}`)}>{attempt.number}</a>
              </th>
              <td>
                <FindingLink id={attempt.finding} />
              </td>
              <td>
                <Outcome outcome={attempt.outcome} />
              </td>
              {names.map((name) => {
                const gate = attempt.gates.find((one) => one.name === name);
                const [tone, sign] = gate ? GATES[gate.verdict] : ["none", "–"];
                return (
                  <td key={name} class="gate-cell">
                    <span class={`mark ${tone}`}>
                      <span class="sign" aria-hidden="true">
                        {sign}
                      </span>
                      <span class="visually-hidden">{gate?.verdict ?? "not asked"}</span>
                    </span>
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </Wide>
  );
}

function AttemptPanel(props: { attempt: Attempt; open: boolean }) {
  const { attempt } = props;
  /** The last gate says it in its own line. */
  const told = attempt.gates.some((gate) => gate.why && attempt.why.endsWith(gate.why));
  return (
    <section class={`panel attempt ${attempt.outcome}`} id={`attempt-${attempt.number}`} aria-labelledby={`attempt-title-${attempt.number}`}>
      <header class="panel-head">
        <h2 id={`attempt-title-${attempt.number}`}>
          <Outcome outcome={attempt.outcome} /> Attempt {attempt.number}
        </h2>
        <div class="aside secondary">
          {attempt.proposer} · {ms(attempt.ms)}
        </div>
      </header>
      <p>
        <FindingLink id={attempt.finding} title /> <span class="secondary">{attempt.kind}, step {attempt.step}</span>
      </p>
      {attempt.why && !told && <p>{attempt.why}</p>}
      {attempt.gates.length > 0 && (
        <ul class="gates">
          {attempt.gates.map((gate) => (
            <GateLine key={gate.name} gate={gate} />
          ))}
        </ul>
      )}
      {attempt.culprit_html && (
        <>
          <h3>Culprit</h3>
          <p class="secondary">The smallest part of the patch that fails as the whole did.</p>
          <Html html={attempt.culprit_html} label={`Culprit of attempt ${attempt.number}`} class="diff" />
        </>
      )}
      {attempt.patch_html && (
        <details open={props.open && !attempt.culprit_html}>
          <summary>Patch{attempt.commit ? `, commit ${attempt.commit.slice(0, 12)}` : ""}</summary>
          <Html html={attempt.patch_html} label={`Patch of attempt ${attempt.number}`} class="diff" />
        </details>
      )}
    </section>
  );
}

function GateLine(props: { gate: Gate }) {
  const { gate } = props;
  const [tone, sign] = GATES[gate.verdict];
  const more = gate.evidence.length > 0 || gate.differences.length > 0 || gate.curl !== null;
  return (
    <li>
      <div class="gate-head">
        <span class="gate-title">{gate.name}</span>
        <Mark tone={tone} sign={sign} word={gate.verdict} />
        <span class="gate-why">{gate.why}</span>
        <span class="gate-ms">{ms(gate.ms)}</span>
      </div>
      {more && (
        <details open={gate.verdict === "failed"}>
          <summary>Evidence</summary>
          {gate.evidence.length > 0 && (
            <ul class="evidence">
              {gate.evidence.map((line, index) => (
                <li key={index}>{line}</li>
              ))}
            </ul>
          )}
          {gate.curl && (
            <pre class="curl" tabIndex={0} role="region" aria-label="Smallest failing request">
              {gate.curl}
            </pre>
          )}
          {gate.differences.length > 0 && (
            <Wide label="Differences">
              <table class="rows differences">
                <thead>
                  <tr>
                    <th scope="col">Field</th>
                    <th scope="col">What</th>
                    <th scope="col">Base</th>
                    <th scope="col">Candidate</th>
                  </tr>
                </thead>
                <tbody>
                  {gate.differences.map((one, index) => (
                    <tr key={index}>
                      <th scope="row" class="mono">
                        {one.path}
                      </th>
                      <td>{one.what}</td>
                      <td class="mono">{one.base}</td>
                      <td class="mono">{one.candidate}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </Wide>
          )}
        </details>
      )}
    </li>
  );
}
