import { readFileSync } from "node:fs";

import { expect, test } from "vitest";

import { hueOf } from "./colours";

const style = (name: string) => readFileSync(`shared/styles/${name}`, "utf8");

/** oklch to linear sRGB, as CSS Color 4 has it. */
function linear(l: number, c: number, hue: number): number[] {
  const [a, b] = [c * Math.cos((hue * Math.PI) / 180), c * Math.sin((hue * Math.PI) / 180)];
  const [x, y, z] = [
    (l + 0.3963377774 * a + 0.2158037573 * b) ** 3, (l - 0.1055613458 * a - 0.0638541728 * b) ** 3,
    (l - 0.0894841775 * a - 1.291485548 * b) ** 3,
  ];
  return [
    4.0767416621 * x - 3.3077115913 * y + 0.2309699292 * z, -1.2684380046 * x + 2.6097574011 * y - 0.3413193965 * z,
    -0.0041960863 * x - 0.7034186147 * y + 1.707614701 * z,
  ].map((part) => Math.min(1, Math.max(0, part)));
}

function fromHex(hex: string): number[] {
  const parts = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255);
  return parts.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
}

const luminance = ([r = 0, g = 0, b = 0]: number[]) => 0.2126 * r + 0.7152 * g + 0.0722 * b;

function contrast(one: number[], other: number[]): number {
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

test("every name reads on the chat's ground, in both themes", () => {
  const [, lightL, lightC, darkL, darkC] =
    /light-dark\(oklch\(([\d.]+) ([\d.]+) var\(--hue, 0\)\), oklch\(([\d.]+) ([\d.]+) var/.exec(style("chat.css")) ?? [];
  const [, lightCard = "", darkCard = ""] = /--card: light-dark\((#\w+), (#\w+)\)/.exec(style("tokens.css")) ?? [];
  for (let hue = 0; hue < 360; hue += 5) {
    expect(contrast(linear(Number(lightL), Number(lightC), hue), fromHex(lightCard)), `light, hue ${hue}`).toBeGreaterThan(4.5);
    expect(contrast(linear(Number(darkL), Number(darkC), hue), fromHex(darkCard)), `dark, hue ${hue}`).toBeGreaterThan(4.5);
  }
});

test("a user keeps the colour, and users differ", () => {
  expect(hueOf("0192-a")).toBe(hueOf("0192-a"));
  const hues = new Set(Array.from({ length: 200 }, (_, i) => hueOf(`0192aaaa-${i}`)));
  expect(hues.size).toBeGreaterThan(12);
});
