/**
 * Readable names for sessions nobody named: `calm-otter`, `brisk-heron`.
 */
import { Effect, Random } from "effect"

const QUALITIES =
  "able bold brave brisk calm clear crisp deft eager early fair fleet fresh gentle glad grand keen kind late light lively lucid mellow merry mild neat nimble noble patient plain polite prime proud quick quiet rapid ready sharp sleek smart snug solid spry steady still sunny sure swift tidy vivid warm wise".split(
    " "
  )

const ANIMALS =
  "badger bear beaver bison crane crow deer dove eagle egret elk falcon ferret finch fox gecko goose hare hawk heron horse ibex jay kestrel koala lark lemur lion lynx magpie marten mole moose newt otter owl panda pike puffin quail raven robin seal shrew sparrow stoat stork swan tapir tern thrush tiger toad trout turtle vole weasel whale wolf wren yak zebra".split(
    " "
  )

/** A name that `taken` does not hold; a number is added once the plain ones run short. */
export const generateName = (taken: (name: string) => boolean): Effect.Effect<string> =>
  Effect.gen(function* () {
    for (let attempt = 0; ; attempt++) {
      const quality = QUALITIES[yield* Random.nextIntBetween(0, QUALITIES.length - 1)]
      const animal = ANIMALS[yield* Random.nextIntBetween(0, ANIMALS.length - 1)]
      const suffix = attempt < 8 ? "" : `-${yield* Random.nextIntBetween(2, 10 ** Math.min(attempt - 6, 9))}`
      const name = `${quality}-${animal}${suffix}`
      if (!taken(name)) return name
    }
  })
