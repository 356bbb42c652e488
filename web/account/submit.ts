// A form on its way: busy, and what was wrong with it, by field where the server's code names one.
import { useState } from "preact/hooks";

import { asProblem, type Problem } from "../shared/problem";
import { inWords } from "../shared/texts/texts";

export interface Submit {
  readonly isBusy: boolean;
  readonly problem: Problem | null;
  /** What is wrong with the field whose codes begin with `prefix` (as in `EMAIL_INVALID`, `EMAIL_TAKEN`). */
  wrong(prefix: string): string | null;
  /** What is wrong with none of the fields asked for by `wrong`. */
  general(...prefixes: string[]): string | null;
  run(work: () => Promise<void>): (event: Event) => void;
}

export function useSubmit(): Submit {
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const names = (prefix: string) => problem?.code.startsWith(prefix) ?? false;
  return {
    isBusy,
    problem,
    wrong: (prefix) => (problem && names(prefix) ? inWords(problem) : null),
    general: (...prefixes) => (problem && !prefixes.some(names) ? inWords(problem) : null),
    run: (work) => (event) => {
      event.preventDefault();
      if (isBusy) return;
      setBusy(true);
      setProblem(null);
      work()
        .catch((thrown: unknown) => setProblem(asProblem(thrown)))
        .finally(() => setBusy(false));
    },
  };
}

/** The texts of a form's fields. */
export function texts(event: Event): (name: string) => string {
  const data = new FormData(event.target as HTMLFormElement);
  return (name) => String(data.get(name) ?? "");
}
