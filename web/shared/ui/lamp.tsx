// A labelled state, like the lamp over a studio door.
export function Lamp({ tone = "plain", children }: { tone?: "air" | "wait" | "plain"; children: string }) {
  return (
    <span class={`lamp ${tone}`}>
      <span class={tone === "air" ? "tally on" : "tally"} />
      {children}
    </span>
  );
}
