// The URL's hash is the place in the report: #tab/part/part. It survives file://, can be shared, and Back works.
import { useEffect, useState } from "preact/hooks";

export const TABS = ["overview", "architecture", "waterfall", "findings", "plan", "proof"] as const;
export type Tab = (typeof TABS)[number];

export interface Route {
  tab: Tab;
  parts: string[];
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function parse(hash: string): Route {
  const [tab, ...parts] = hash.replace(/^#/, "").split("/").map(decoded);
  const known = TABS.find((name) => name === tab);
  return known ? { tab: known, parts: parts.filter(Boolean) } : { tab: "overview", parts: [] };
}

export const link = (tab: Tab, ...parts: (string | number)[]) => `#${[tab, ...parts].map((part) => encodeURIComponent(part)).join("/")}`;

/** Goes there; `quietly` leaves no entry to go back to. */
export function go(hash: string, quietly = false): void {
  if (hash === location.hash) return;
  if (quietly) {
    history.replaceState(null, "", hash);
    dispatchEvent(new HashChangeEvent("hashchange"));
  } else location.hash = hash;
}

export function useRoute(): Route {
  const [route, setRoute] = useState(() => parse(location.hash));
  useEffect(() => {
    const changed = () => setRoute(parse(location.hash));
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  return route;
}
