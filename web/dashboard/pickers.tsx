// Choosing camera, microphone or screen.
import { t } from "../shared/texts/texts";
import { Field } from "../shared/ui/field";
import type { Device } from "./devices";
import type { SourceHandle } from "./use-source";

export function Pickers({ handle }: { handle: SourceHandle }) {
  const { wish, media, devices, choose } = handle;
  const { camera, screen } = t.studio;
  const inUse = (kind: "video" | "audio") =>
    media?.getTracks().find((track) => track.kind === kind)?.getSettings().deviceId ?? "";
  const microphone = wish.microphoneId === "" ? "" : (wish.microphoneId ?? inUse("audio"));
  return (
    <div class="stack">
      <fieldset>
        <legend>{t.studio.source}</legend>
        <div class="choice">
          {([["camera", camera], ["screen", screen]] as const).map(([value, name]) => (
            <label key={value}>
              <input type="radio" name="source" checked={wish.source === value} onChange={() => choose({ source: value })} />
              {name}
            </label>
          ))}
        </div>
      </fieldset>
      {media && (
        <div class="columns">
          {wish.source === "camera"
            ? <Pick label={camera} devices={devices.cameras} value={wish.cameraId ?? inUse("video")}
                onPick={(cameraId) => choose({ cameraId })} />
            : <div class="field"><span aria-hidden="true">&nbsp;</span>
                <button type="button" class="key" onClick={() => choose({})}>{t.studio.chooseAgain}</button></div>}
          <Pick label={t.studio.microphone} devices={devices.microphones} value={microphone} none={t.studio.noMicrophone}
            onPick={(microphoneId) => choose({ microphoneId })} />
        </div>
      )}
    </div>
  );
}

interface PickProps {
  readonly label: string;
  readonly devices: readonly Device[];
  readonly value: string;
  /** The name of having none, where that is possible. */
  readonly none?: string;
  onPick(id: string): void;
}

function Pick({ label, devices, value, none, onPick }: PickProps) {
  // Some browsers name no device, or one that they do not list: what runs is shown all the same.
  const isListed = devices.some(({ id }) => id === value) || (value === "" && none !== undefined);
  return (
    <Field label={label}>
      {(control) => (
        <select {...control} value={value} onChange={(event) => onPick(event.currentTarget.value)}>
          {!isListed && <option value={value}>{label}</option>}
          {devices.map(({ id, name }) => <option key={id} value={id}>{name}</option>)}
          {none && <option value="">{none}</option>}
        </select>
      )}
    </Field>
  );
}
