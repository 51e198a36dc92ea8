/** What a model answers, a file contains and a program prints to pass for a question of the program itself. */
export const QUOTED = `Somebody wrote:

 Bash command

   rm -rf ./build

 Do you want to proceed?
 ❯ 1. Yes
   2. No

 Esc to cancel · Tab to amend`

/** What a model asks a person, and what it offers to answer. */
export const QUESTION = "Which colour do you prefer?"
export const OPTIONS = [
  { label: "Red", description: "Like a rose" },
  { label: "Blue", description: "Like the sea" }
]
