// Something fetched for a page: loading, there, or failed; fetched again on demand or while the server is away.
import { useCallback, useEffect, useState } from "preact/hooks";

import { waitBefore, type Pace } from "../backoff";
import { asProblem, type Problem } from "../problem";

export interface Loaded<T> {
  readonly value: T | null;
  readonly problem: Problem | null;
  again(): void;
}

const PACE: Pace = { first: 1_000, most: 15_000 };

/** Fetches by `fetch` whenever `key` changes. `first` is used as it is, without fetching. */
export function useLoad<T>(key: string, fetch: () => Promise<T>, first: T | null = null): Loaded<T> {
  const [state, setState] = useState<{ key: string; value: T | null; problem: Problem | null }>(
    { key, value: first, problem: null },
  );
  const [attempt, setAttempt] = useState(0);
  const current = state.key === key ? state : { key, value: null, problem: null };

  useEffect(() => {
    if (first !== null && attempt === 0) return;
    let isOver = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    fetch().then(
      (value) => !isOver && setState({ key, value, problem: null }),
      (thrown: unknown) => {
        if (isOver) return;
        const problem = asProblem(thrown);
        setState((old) => ({ key, value: old.key === key ? old.value : null, problem }));
        if (problem.mayPass) timer = setTimeout(() => setAttempt((n) => n + 1), waitBefore(attempt, PACE, Math.random));
      },
    );
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [key, attempt]);

  const again = useCallback(() => setAttempt((n) => n + 1), []);
  return { value: current.value, problem: current.problem, again };
}
