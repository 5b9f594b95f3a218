// The data block of the page -> Report.
import type { Report } from "./contract.ts";

/** The version of the contract that this page was built for. */
export const VERSION = 1;

/** Thrown with a sentence for the reader. */
export class Unreadable extends Error {}

/** Base64 of gzip of JSON, as the report's writer puts it into the page; the element is removed to free its memory. */
export async function embedded(): Promise<Report> {
  const element = document.getElementById("data");
  const text = element?.textContent?.trim() ?? "";
  element?.remove();
  if (!/^[A-Za-z0-9+/=]+$/.test(text)) throw new Unreadable("This page carries no data. `subsecond report` fills it.");
  try {
    const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return checked(await new Response(stream).json());
  } catch (error) {
    if (error instanceof Unreadable) throw error;
    throw new Unreadable("The data in this page is damaged. Write it again with `subsecond report`.");
  }
}

/** Data of another version is refused with a sentence: half of it shown wrongly would be worse. */
export function checked(data: { version?: unknown }): Report {
  if (data.version !== VERSION) {
    const found = String(data.version);
    throw new Unreadable(
      `This page reads report data of version ${VERSION}, and the data is of version ${found}. ` +
        "Write the page again with the `subsecond report` that made the data.",
    );
  }
  return data as Report;
}

const POLL_MS = 2000;
const PATIENCE_MS = 5000;

/** Asks the server that gave out this page for news, for as long as the page is open; a server that is gone is asked on. */
export function follow(onNews: (report: Report) => void, onState: (reachable: boolean) => void): void {
  let tag = "";
  const ask = async () => {
    try {
      const headers: Record<string, string> = tag ? { "If-None-Match": tag } : {};
      const answer = await fetch("data", { headers, cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
      if (answer.status === 200) {
        tag = answer.headers.get("ETag") ?? "";
        onNews(checked(await answer.json()));
      }
      onState(answer.ok || answer.status === 304);
    } catch {
      onState(false);
    }
    setTimeout(ask, POLL_MS);
  };
  setTimeout(ask, POLL_MS);
}
