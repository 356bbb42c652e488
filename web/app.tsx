// The pages and their addresses.
import { render } from "preact";
import lazy, { ErrorBoundary } from "preact-iso/lazy";
import { LocationProvider, Route, Router } from "preact-iso/router";

import { Home } from "./home/home";
import { WatchPage } from "./player/watch-page";
import { settleSession } from "./shared/session";
import { Frame } from "./shared/ui/frame";
import { Lost } from "./shared/ui/trouble";

const pages = {
  "/go-live": lazy(() => import("./dashboard/studio")),
  "/signup": lazy(() => import("./account/sign-up")),
  "/login": lazy(() => import("./account/log-in")),
  "/account": lazy(() => import("./account/account")),
  "/operator": lazy(() => import("./account/operator")),
  "/archives": lazy(() => import("./player/archive-page")),
};

function App() {
  return (
    <LocationProvider>
      <Frame>
        <ErrorBoundary>
          <Router onRouteChange={() => document.getElementById("main")?.focus({ preventScroll: true })}>
            <Route path="/" component={Home} />
            <Route path="/watch/:id" component={WatchPage} />
            <Route path="/archives/:id" component={pages["/archives"]} />
            <Route path="/go-live" component={pages["/go-live"]} />
            <Route path="/signup" component={pages["/signup"]} />
            <Route path="/login" component={pages["/login"]} />
            <Route path="/account" component={pages["/account"]} />
            <Route path="/operator" component={pages["/operator"]} />
            <Route default component={Lost} />
          </Router>
        </ErrorBoundary>
      </Frame>
    </LocationProvider>
  );
}

export function start(): void {
  performance.mark("page-begins");
  const first = `/${location.pathname.split("/")[1] ?? ""}`;
  if (first in pages) void pages[first as keyof typeof pages].preload();
  void settleSession();
  render(<App />, document.getElementById("app") as HTMLElement);
}
