/**
 * Programs whose hooks are understood. Claude Code (2.1) and Codex (0.1xx) name their events alike; Gemini CLI has names of its own, and
 * opencode's plugins pass on its server's events. An event that is not known says nothing.
 */
import { asks, type Reading, type Report, record, text, toolUse } from "./Report.ts"

const WORKING: Report = { state: "working" }
const DONE: Report = { state: "done" }
const IDLE: Report = { state: "idle" }
/** It takes back what was said before. */
const NOTHING: Report = { state: "unknown" }

/** Which of the two a notification that has only words is about. */
const PERMISSION = /permission|approv/i

/** https://code.claude.com/docs/en/hooks and https://developers.openai.com/codex/hooks */
const claude: Reading = (payload) => {
  const { hook_event_name: event, message, notification_type: type, tool_input: input, tool_name: tool } = payload
  switch (event) {
    case "SessionStart":
      // After the context was made smaller it goes on with what it did.
      return payload.source === "compact" ? null : IDLE
    case "UserPromptSubmit":
    case "PostToolUse":
    case "PostToolUseFailure":
    case "PreCompact":
      return WORKING
    case "PreToolUse":
      return tool === "AskUserQuestion"
        ? asks("waiting-input", firstQuestion(input))
        : tool === "ExitPlanMode"
          ? asks("needs-permission", "Go ahead with the plan?")
          : WORKING
    case "PermissionRequest":
      // Questions and plans are asked of a person by the same means.
      return tool === "AskUserQuestion"
        ? asks("waiting-input", firstQuestion(input))
        : asks("needs-permission", toolUse(tool, input))
    case "Notification":
      if (type === "idle_prompt") return IDLE
      if (type === "elicitation_dialog") return asks("waiting-input", text(message))
      return type === "permission_prompt" || (type === undefined && PERMISSION.test(text(message)))
        ? // It comes seconds later, about questions too, and in words that say nothing.
          { ...asks("needs-permission", text(message)), reminder: true }
        : null
    case "Stop":
      return DONE
    case "StopFailure":
      return IDLE
    case "SessionEnd":
      return NOTHING
    default:
      return null
  }
}

const firstQuestion = (input: unknown): string => {
  const { question, questions } = record(input)
  return text(question) || (Array.isArray(questions) ? text(record(questions[0]).question) : "")
}

/** Its hooks on standard input, and its older `notify`, which has the JSON as an argument. */
const codex: Reading = (payload) => {
  switch (payload.type) {
    case "agent-turn-complete":
      return DONE
    case "approval-requested":
      return asks("needs-permission", toolUse(payload.tool, payload) || text(payload.message))
    case "user-input-requested":
      return asks("waiting-input", text(payload.message))
    default:
      return claude(payload)
  }
}

/** https://geminicli.com/docs/hooks/reference */
const gemini: Reading = ({ details, hook_event_name: event, message, notification_type: type, tool_name: tool }) => {
  switch (event) {
    case "SessionStart":
      return IDLE
    case "BeforeAgent":
    case "BeforeTool":
    case "AfterTool":
      return tool === "ask_user" && event === "BeforeTool" ? asks("waiting-input", "") : WORKING
    case "Notification":
      return type === "ToolPermission" ? asks("needs-permission", text(record(details).title) || text(message)) : null
    case "AfterAgent":
      return DONE
    case "SessionEnd":
      return NOTHING
    default:
      return null
  }
}

/** https://opencode.ai/docs/plugins */
const opencode: Reading = ({ properties, type }) => {
  const { permission, questions, status, title } = record(properties)
  switch (type) {
    case "session.status":
      return record(status).type === "idle" ? DONE : WORKING
    case "session.idle":
      return DONE
    case "permission.asked":
    case "permission.updated":
      return asks("needs-permission", text(title) || text(permission))
    case "question.asked":
      return asks("waiting-input", firstQuestion({ questions }))
    case "permission.replied":
    case "question.replied":
    case "question.rejected":
      return WORKING
    case "session.error":
      return IDLE
    default:
      return null
  }
}

export const readings: Readonly<Record<string, Reading>> = { claude, codex, gemini, opencode }

/** Characters of JSON that are read: a tool's whole input is in it. */
export const MAX_PAYLOAD = 8 * 1024 * 1024

/** What is to be reported; null: nothing, also of what is no JSON. */
export const reportOf = (program: string, json: string): Report | null => {
  try {
    const reading = Object.hasOwn(readings, program) ? readings[program] : undefined
    return json.length > MAX_PAYLOAD ? null : (reading?.(record(JSON.parse(json))) ?? null)
  } catch {
    return null
  }
}
