/** The tests of `npm run test:os`: as the others, but those that need a real service manager, one file at a time. */
import { mergeConfig } from "vitest/config"
import config from "./vitest.config.ts"

const os = mergeConfig(config, { test: { fileParallelism: false } })
os.test = {
  ...os.test,
  include: ["test/os/**/*.test.ts"],
  exclude: [],
  globalSetup: [...(os.test?.globalSetup ?? []), "test/os/support/globalSetup.ts"]
}
export default os
