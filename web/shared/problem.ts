// What went wrong with a request, in the server's own words and code.

/** A request that was refused or never arrived. `status` 0: no answer came at all. */
export class Problem extends Error {
  override readonly name = "Problem";

  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    /** When another try is welcome, in ms from now; null where the server named no time. */
    readonly retryAfterMs: number | null = null,
  ) {
    super(message);
  }

  /** Whether the same request may succeed later without anybody changing anything. */
  get mayPass(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** Code of a request that got no answer. */
export const NO_ANSWER = "NO_ANSWER";

/** Reads the problem out of an answer that is not a success. Anything unreadable keeps its status. */
export async function problemOf(response: Response): Promise<Problem> {
  const after = Number(response.headers.get("retry-after"));
  const retryAfterMs = Number.isFinite(after) && after > 0 ? after * 1000 : null;
  const body: unknown = await response.json().catch(() => null);
  const { error, code } = (body ?? {}) as { error?: unknown; code?: unknown };
  return new Problem(
    response.status,
    typeof code === "string" ? code : `HTTP_${response.status}`,
    typeof error === "string" ? error : `the server answered ${response.status}`,
    retryAfterMs,
  );
}

/** Any thrown thing as a problem. */
export function asProblem(thrown: unknown): Problem {
  if (thrown instanceof Problem) return thrown;
  return new Problem(0, NO_ANSWER, thrown instanceof Error ? thrown.message : String(thrown));
}
