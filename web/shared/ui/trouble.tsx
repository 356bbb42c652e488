// The page in place of a page: not found, not allowed, the server away, our mistake.
import { Problem } from "../problem";
import { inWords, t } from "../texts/texts";
import { useTitle } from "./page";

interface Words {
  readonly sign: string;
  readonly title: string;
  readonly more: string;
}

function words({ status }: Problem): Words {
  const e = t.errors;
  if (status === 404 || status === 400) return { sign: "404", title: e.notFound, more: e.notFoundMore };
  if (status === 403 || status === 401) return { sign: "403", title: e.forbidden, more: e.forbiddenMore };
  if (status === 0 || status === 502 || status === 503 || status === 504) {
    return { sign: "· · ·", title: e.away, more: e.awayMore };
  }
  return { sign: "500", title: e.broken, more: e.brokenMore };
}

export function Trouble({ problem, again }: { problem: Problem; again?: () => void }) {
  const { sign, title, more } = words(problem);
  useTitle(title);
  return (
    <div class="page medium stack trouble">
      <div class="testcard"><span class="sign figure">{sign}</span></div>
      <h1>{title}</h1>
      <p class="muted">{problem.status >= 500 || problem.status < 400 ? more : more || inWords(problem)}</p>
      <div class="row">
        {again && problem.mayPass && <button type="button" class="key main" onClick={again}>{t.errors.tryAgain}</button>}
        <a class="key" href="/">{t.errors.home}</a>
      </div>
    </div>
  );
}

export function Lost() {
  return <Trouble problem={new Problem(404, "NOT_FOUND", "")} />;
}
