import { defineConfig } from "vitest/config"

export default defineConfig({
  resolve: {
    // The newest SQLite driver build still imports `effect/unstable/*`, which effect 4.1 renamed to `effect/*`.
    alias: [{ find: /^effect\/unstable\//, replacement: "effect/" }]
  },
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/os/**"],
    globalSetup: ["test/support/globalSetup.ts"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: "forks",
    // Tests that measure memory must not measure what is only waiting to be collected; Node's own FFI is announced as
    // experimental in every process.
    execArgv: ["--expose-gc", "--disable-warning=ExperimentalWarning"],
    server: { deps: { inline: [/sql-sqlite-node/] } }
  }
})
