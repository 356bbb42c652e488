// A labelled field with its hint and its error, tied together for everybody.
import type { ComponentChildren } from "preact";
import { useId, useState } from "preact/hooks";

import { t } from "../texts/texts";

interface FieldProps {
  readonly label: string;
  readonly hint?: string;
  /** What is wrong with the value; shown in place of the hint. */
  readonly wrong?: string | null;
}

/** The ids and texts round a control: `draw` gets the attributes to put on it. */
export function Field(
  { label, hint, wrong, children }: FieldProps & { children: (attributes: Control) => ComponentChildren },
) {
  const id = useId();
  const about = wrong || hint ? `${id}-about` : undefined;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({ id, "aria-describedby": about, "aria-invalid": wrong ? "true" : undefined, class: "box" })}
      {(wrong || hint) && <p id={about} class={wrong ? "wrong" : "hint"}>{wrong || hint}</p>}
    </div>
  );
}

interface Control {
  readonly id: string;
  readonly "aria-describedby": string | undefined;
  readonly "aria-invalid": "true" | undefined;
  readonly class: string;
}

interface InputProps extends FieldProps {
  readonly name: string;
  readonly type?: "text" | "email";
  readonly autocomplete?: string;
  readonly autocapitalize?: "none";
  readonly spellcheck?: boolean;
  readonly defaultValue?: string;
  readonly required?: boolean;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
}

export function TextField({ label, hint, wrong, type = "text", ...input }: InputProps) {
  return (
    <Field label={label} {...(hint ? { hint } : {})} wrong={wrong ?? null}>
      {(control) =>
        type === "email" ? <input {...control} {...input} type="email" /> : <input {...control} {...input} type="text" />}
    </Field>
  );
}

/** A password that can be shown; pasting and password managers are welcome. */
export function PasswordField({ label, hint, wrong, type: _, ...input }: InputProps) {
  const [isShown, setShown] = useState(false);
  return (
    <Field label={label} {...(hint ? { hint } : {})} wrong={wrong ?? null}>
      {(control) => (
        <div class="beside">
          {isShown
            ? <input {...control} {...input} key="box" type="text" spellcheck={false} autocapitalize="none" />
            : <input {...control} {...input} key="box" type="password" />}
          <button
            type="button" class="textual" aria-pressed={isShown}
            aria-label={`${isShown ? t.auth.hide : t.auth.show}: ${label}`}
            onClick={() => setShown(!isShown)}
          >
            {isShown ? t.auth.hide : t.auth.show}
          </button>
        </div>
      )}
    </Field>
  );
}
