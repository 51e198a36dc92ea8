/** What this build calls itself. */
import manifest from "../../package.json" with { type: "json" }

export const { version, description } = manifest
