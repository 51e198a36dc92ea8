/**
 * Lines of a terminal with what they look like, so that others can draw them: pictures, pages, previews.
 */
import { Schema } from "effect"
import { MAX_LINE_BYTES } from "../Limits.ts"

const Rgb = Schema.String.check(
  Schema.isPattern(/^#[0-9a-f]{6}$/u, { expected: "a colour as #rrggbb, in small letters" })
).annotate({ title: "colour" })

/** A number of the palette, which the viewer's theme decides about, or the colour itself. */
const Colour = Schema.Union([Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 })), Rgb])

export const StyleName = Schema.Literals([
  "bold",
  "dim",
  "italic",
  "underline",
  "blink",
  "inverse",
  "invisible",
  "strike",
  "overline"
])
export type StyleName = typeof StyleName.Type

/** Neighbouring characters that look alike. */
export const StyledRun = Schema.Struct({
  text: Schema.String.annotateKey({ description: "As the program printed it; it may be anything." }),
  cells: Schema.Int.annotateKey({ description: "Columns it takes." }),
  fg: Schema.optionalKey(Colour).annotateKey({ description: "0 to 255 or #rrggbb; absent: the viewer's default." }),
  bg: Schema.optionalKey(Colour).annotateKey({ description: "0 to 255 or #rrggbb; absent: the viewer's default." }),
  styles: Schema.optionalKey(Schema.Array(StyleName))
}).annotate({ identifier: "StyledRun" })
export type StyledRun = typeof StyledRun.Type

/** From the left; blanks at its end are left out. */
export const StyledLine = Schema.Array(StyledRun)
export type StyledLine = typeof StyledLine.Type

/** Bytes of an answer's lines at the most, so that with everything around it stays a line that may be sent. */
export const MAX_LINES_BYTES = MAX_LINE_BYTES - 64 * 1024
