// The report for all components, and the few ways of looking something up in it.
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Finding, Place, Report, Request, View, Waterfall } from "./contract.ts";

export type Side = Request["side"];

export class Lookup {
  private readonly findings: Map<string, Finding>;

  constructor(readonly report: Report) {
    this.findings = new Map(report.findings.map((one) => [one.id, one]));
  }

  finding(id: string): Finding | undefined {
    return this.findings.get(id);
  }

  place(index: number | null): Place | undefined {
    return index === null || index < 0 ? undefined : this.report.places[index];
  }

  /** The name of a request, of whichever side knows it. */
  name(id: string): string {
    return this.report.requests.find((one) => one.id === id)?.name ?? id;
  }

  /** Ids of all requests, in the order in which they were sent. */
  ids(): string[] {
    return [...new Set(this.report.requests.map((one) => one.id))];
  }

  request(id: string, side: Side): Request | undefined {
    return this.report.requests.find((one) => one.id === id && one.side === side);
  }

  /** Legacy first, then optimised; or the only side there is. */
  sides(id: string): Request[] {
    return this.report.requests.filter((one) => one.id === id);
  }

  waterfall(id: string | undefined, side: string | undefined): Waterfall | undefined {
    const of = this.report.waterfalls.filter((one) => one.request === id);
    return of.find((one) => one.side === side) ?? of[0];
  }
}

/** Views that show the same thing of both sides, under one tab. */
export interface Group {
  id: string;
  title: string;
  kind: View["kind"];
  views: View[];
}

export function grouped(views: View[]): Group[] {
  const groups = new Map<string, Group>();
  for (const view of views) {
    const key = `${view.kind}/${view.request ?? ""}`;
    const group = groups.get(key);
    if (group) group.views.push(view);
    else groups.set(key, { id: view.id, title: view.title, kind: view.kind, views: [view] });
  }
  const order = { legacy: 0, now: 0, optimised: 1 };
  for (const group of groups.values()) group.views.sort((a, b) => order[a.side] - order[b.side]);
  return [...groups.values()];
}

export const ReportContext = createContext<Lookup | null>(null);

export function useReport(): Lookup {
  const found = useContext(ReportContext);
  if (!found) throw new Error("a component stands outside the report");
  return found;
}
