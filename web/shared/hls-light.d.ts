// hls.js ships the types of its light build under the full one's name.
declare module "hls.js/light" {
  export { default } from "hls.js";
}
