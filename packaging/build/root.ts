/** Where the tree begins: the directory of package.json, as the build scripts see it. */
import { fileURLToPath } from "node:url"

export const root = fileURLToPath(new URL("../..", import.meta.url))
