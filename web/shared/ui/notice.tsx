// Something the reader should know, with what they can do about it.
import type { ComponentChildren } from "preact";

interface NoticeProps {
  readonly tone?: "bad" | "warn" | "good" | "plain";
  readonly children: ComponentChildren;
}

export function Notice({ tone = "plain", children }: NoticeProps) {
  return (
    <div class={`notice ${tone}`} role={tone === "bad" ? "alert" : "status"}>
      {children}
    </div>
  );
}
