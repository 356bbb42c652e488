// The sender's figures, looked at every two seconds.
import { useEffect, useState } from "preact/hooks";

import { between, look, type Health, type Look } from "../media/health";
import { stats } from "./broadcast";

const EVERY_MS = 2_000;

export function useHealth(): Health | null {
  const [health, setHealth] = useState<Health | null>(null);
  useEffect(() => {
    let before: Look | null = null;
    let isOver = false;
    const tick = async () => {
      const report = await stats();
      if (isOver) return;
      const after = report ? look(report.entries()) : null;
      setHealth(before && after ? between(before, after) : null);
      before = after;
    };
    const timer = setInterval(() => void tick(), EVERY_MS);
    return () => {
      isOver = true;
      clearInterval(timer);
    };
  }, []);
  return health;
}
