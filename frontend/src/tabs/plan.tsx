import type { Plan, PlannedRequest, PlanStep } from "../contract.ts";
import { change, count, ms, plural } from "../format.ts";
import { useReport } from "../report.ts";
import { link } from "../router.ts";
import { StepBars, type StepRow } from "../ui/charts.tsx";
import { Empty, FindingLink, Mark, Outcome, Panel, PlaceText, TabList, Wide } from "../ui/index.tsx";

export function PlanTab(props: { parts: string[] }) {
  const { report } = useReport();
  const { plan } = report;
  if (!plan) return <Empty command="subsecond plan --goal 500ms">There is no plan yet. It orders the findings into steps, each with the gain that its trial measured.</Empty>;
  const chosen = plan.requests.find((one) => one.request === props.parts[0]) ?? plan.requests.find((one) => one.bars.length > 0) ?? plan.requests[0];
  return (
    <>
      <Path plan={plan} chosen={chosen} />
      <Held plan={plan} />
      <Steps plan={plan} />
      {plan.left_out.length > 0 && (
        <Panel title="Without a step">
          <ul class="left-out-list">
            {plan.left_out.map((one) => (
              <li key={one.finding}>
                <FindingLink id={one.finding} /> <span>{one.why}</span>
              </li>
            ))}
          </ul>
        </Panel>
      )}
      {plan.notes.length > 0 && (
        <Panel title="Notes of the plan">
          <ul class="notes">
            {plan.notes.map((note, index) => (
              <li key={index}>{note}</li>
            ))}
          </ul>
        </Panel>
      )}
    </>
  );
}

function Path(props: { plan: Plan; chosen: PlannedRequest | undefined }) {
  const { plan, chosen } = props;
  const lookup = useReport();
  if (!chosen) return null;
  const step = (id: string) => plan.steps.find((one) => one.id === id);
  const rows: StepRow[] = [{ label: "Now", from: 0, to: chosen.now_ms, tone: "now", text: ms(chosen.now_ms) }];
  for (const bar of chosen.bars) {
    const planned = step(bar.step);
    rows.push({
      label: planned ? (
        <a href={link("findings", planned.finding)}>
          <b>{bar.step}</b> {planned.kind}
        </a>
      ) : (
        bar.step
      ),
      from: bar.before_ms,
      to: bar.after_ms,
      tone: !bar.certain ? "unsure" : bar.after_ms > bar.before_ms ? "loss" : "certain",
      text: bar.certain ? change(bar.before_ms - bar.after_ms) : `${sign(planned)} ${ms(bar.before_ms - bar.after_ms)}`,
    });
  }
  if (chosen.predicted)
    rows.push({
      label: `Predicted${chosen.estimate ? ", estimate" : ""}`,
      from: 0,
      to: chosen.predicted.median,
      tone: "predicted",
      text: ms(chosen.predicted.median),
      low: chosen.predicted.low,
      high: chosen.predicted.high,
    });
  if (chosen.measured_ms !== null)
    rows.push({ label: "Measured, with what was kept", from: 0, to: chosen.measured_ms, tone: "measured", text: ms(chosen.measured_ms) });
  return (
    <Panel
      title="From now to the goal"
      aside={
        plan.goal_ms === null ? (
          <span class="secondary">no goal was given</span>
        ) : (
          <span>
            goal <b>{ms(plan.goal_ms)}</b>{" "}
            {chosen.meets_goal !== null && (
              <Mark
                tone={chosen.meets_goal ? "good" : "bad"}
                sign={chosen.meets_goal ? "✓" : "✕"}
                word={chosen.meets_goal ? "reached" : "not reached by confirmed fixes"}
              />
            )}
          </span>
        )
      }
    >
      {plan.requests.length > 1 && (
        <div class="subtabs-strip">
          <TabList
            label="Requests of the plan"
            class="subtabs"
            controls="path"
            selected={chosen.request}
            items={plan.requests.map((one) => ({ id: one.request, label: lookup.name(one.request), href: link("plan", one.request) }))}
          />
        </div>
      )}
      <div id="path" role={plan.requests.length > 1 ? "tabpanel" : undefined} aria-labelledby={plan.requests.length > 1 ? `tab-${chosen.request}` : undefined}>
        <StepBars rows={rows} goal={plan.goal_ms} label={`Time of ${lookup.name(chosen.request)}, step by step`} />
        <p class="secondary">
          {chosen.predicted
            ? `All confirmed fixes at once: ${ms(chosen.predicted.median)} (${ms(chosen.predicted.low)} to ${ms(chosen.predicted.high)}).`
            : "All confirmed fixes at once were not tried on this request."}
          {chosen.queries_now !== null && chosen.queries_predicted !== null && ` Queries: ${count(chosen.queries_now)} → ${count(chosen.queries_predicted)}.`}
          {plan.goal_ms !== null && " The upright line is the goal."}
          {chosen.bars.some((bar) => !bar.certain) && " Hatched: to be proven by the attempt, at most (≤) or about (≈) what its statements take; it counts towards no prediction."}
        </p>
      </div>
    </Panel>
  );
}

/** Before what no trial has measured: an upper bound, or the statements' time alone, beyond which the ORM's work may go too. */
const sign = (step: PlanStep | undefined) => (step?.fidelity === "upper bound" ? "≤" : "≈");

/** What the plan said against what came of it, for each request that was measured again. */
function Held(props: { plan: Plan }) {
  const lookup = useReport();
  const rows = props.plan.requests.filter((one) => one.measured_ms !== null);
  if (rows.length === 0) return null;
  return (
    <Panel title="Predicted against measured" aside={<span class="secondary">before and after were measured beside each other</span>}>
      <Wide label="Predicted against measured">
        <table class="numbers rows">
          <thead>
            <tr>
              <th scope="col">Request</th>
              <th scope="col">Before</th>
              <th scope="col">All steps, predicted</th>
              <th scope="col">With what was kept</th>
              <th scope="col">Queries</th>
              <th scope="col">predicted</th>
              <th scope="col">measured</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((one) => (
              <tr key={one.request}>
                <th scope="row">
                  <a href={link("plan", one.request)}>{lookup.name(one.request)}</a>
                  <span class="row-note"> {one.kept.length > 0 ? `kept: ${one.kept.join(", ")}` : "no step kept"}</span>
                </th>
                <td>{ms(one.measured_before_ms)}</td>
                <td>
                  {one.predicted ? ms(one.predicted.median) : "–"}
                  {one.predicted && (
                    <span class="row-note">
                      {" "}
                      {ms(one.predicted.low)} to {ms(one.predicted.high)}
                    </span>
                  )}
                </td>
                <td>
                  <b>{ms(one.measured_ms)}</b>
                </td>
                <td>{count(one.queries_now)}</td>
                <td>{count(one.queries_predicted)}</td>
                <td>
                  <b>{count(one.queries_measured)}</b>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Wide>
      <p class="secondary">
        A prediction is of all confirmed fixes at once; where fewer steps were kept, or steps that no experiment had measured, the two differ
        for that reason.
      </p>
    </Panel>
  );
}

function Steps(props: { plan: Plan }) {
  const { plan } = props;
  const lookup = useReport();
  const phases = plan.phases.map((phase) => ({ phase, steps: plan.steps.filter((step) => step.phase === phase.number) }));
  if (plan.steps.length === 0) return <Empty>The plan has no step: no finding can be mended, or none was found.</Empty>;
  return (
    <>
      {phases.map(
        ({ phase, steps }) =>
          (steps.length > 0 || phase.number !== null) && (
            <Panel
              key={String(phase.number)}
              class="phase"
              title={
                <>
                  {phase.number !== null && <span class="phase-number">Phase {phase.number}</span>} {phase.title}
                </>
              }
              aside={<span class="secondary">{steps.length === 0 ? "nothing to do" : ""}</span>}
            >
              {steps.length > 0 && (
                <ol class="plan-steps">
                  {steps.map((step) => (
                    <StepLine key={step.id} step={step} names={step.requests.map((id) => lookup.name(id)).join(", ")} />
                  ))}
                </ol>
              )}
            </Panel>
          ),
      )}
    </>
  );
}

function StepLine(props: { step: PlanStep; names: string }) {
  const { step } = props;
  return (
    <li>
      <div class="plan-step-head">
        <span class="few-id">{step.id}</span>
        <div>
          <a href={link("findings", step.finding)}>{step.title}</a>
          <p class="secondary">
            {step.finding} · {step.kind} · <PlaceText index={step.place} bare /> · {props.names}
          </p>
        </div>
        <div class="plan-gain">
          {step.gain_ms === null ? (
            <b>{step.queries_saved ? `−${plural(step.queries_saved, "query", "queries")}` : "not in seconds"}</b>
          ) : (
            <b>
              {step.proof === "trial" ? change(step.gain_ms) : `${sign(step)} ${ms(step.gain_ms)}`}
            </b>
          )}
          <p class="secondary">
            {step.proof === "trial" ? "confirmed by a trial" : "to be proven by the attempt"}
            {step.proof === "trial" && step.gain_ms !== null && step.fidelity !== "measured" && `, ${step.fidelity}`}
            {step.gain_ms !== null && Boolean(step.queries_saved) && `, −${plural(step.queries_saved as number, "query", "queries")}`}
          </p>
        </div>
        <div class="plan-outcome">
          {step.outcome ? (
            <>
              <Outcome outcome={step.outcome} /> {step.attempt !== null && <a href={link("proof", `attempt-${step.attempt}`)}>attempt {step.attempt}</a>}
            </>
          ) : (
            <span class="secondary">not attempted</span>
          )}
        </div>
      </div>
      {(step.risk || step.measure || step.revert) && (
        <details>
          <summary>risk, measure, way back</summary>
          <dl class="facts-list">
            {[
              ["Risk", step.risk],
              ["Measure", step.measure],
              ["Way back", step.revert],
            ].map(
              ([label, value]) =>
                value && (
                  <div key={label}>
                    <dt>{label}</dt>
                    <dd>{value}</dd>
                  </div>
                ),
            )}
          </dl>
        </details>
      )}
    </li>
  );
}
