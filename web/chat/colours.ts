// The colour of a name. Pure. Lightness and chroma come from the theme (styles/tokens.css), so that every hue
// reads on both; a test computes the contrast.

const HUES = 18;

/** The hue of this user's name, in degrees; the same on every page and for every viewer. */
export function hueOf(userId: string): number {
  let hash = 2166136261;
  for (let i = 0; i < userId.length; i += 1) hash = Math.imul(hash ^ userId.charCodeAt(i), 16777619);
  return ((hash >>> 0) % HUES) * (360 / HUES);
}
