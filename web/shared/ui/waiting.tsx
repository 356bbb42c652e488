// Something is on its way.
export function Waiting() {
  return <span class="waiting" aria-hidden="true"><i /><i /><i /></span>;
}
