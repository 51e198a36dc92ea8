/** Which of the known words somebody may have meant who typed another. */

/** Letters that may be wrong: one in three, and no more than two. */
const wrongLetters = (word: string): number => Math.min(2, Math.floor(word.length / 3))

export const nearest = (word: string, known: Iterable<string>): string | null => {
  let best: { readonly word: string; readonly distance: number } | null = null
  for (const one of known) {
    const distance = editDistance(word, one)
    if (distance <= wrongLetters(word) && (best === null || distance < best.distance)) best = { word: one, distance }
  }
  return best?.word ?? null
}

/** Letters put in, left out or exchanged to make one word of the other (Levenshtein), row by row. */
const editDistance = (from: string, to: string): number => {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let i = 1; i <= from.length; i++) {
    const next = [i]
    for (let j = 1; j <= to.length; j++) {
      const same = from[i - 1] === to[j - 1] ? 0 : 1
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + same))
    }
    row = next
  }
  return row[to.length]!
}
