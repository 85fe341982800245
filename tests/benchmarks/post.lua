-- wrk: post webhooks, every one with alerts nobody has heard of (a fresh episode each).
-- Environment: BODY (a template), where @@ is replaced by a number.

local file = assert(io.open(os.getenv("BODY"), "rb"))
local template = file:read("*a")
file:close()

-- The template cut at its marks: joining is all that a request costs this side.
local pieces = {}
local at = 1
while true do
  local from, to = template:find("@@", at, true)
  if not from then break end
  pieces[#pieces + 1] = template:sub(at, from - 1)
  at = to + 1
end
local tail = template:sub(at)

local thread_number = 0
function setup(thread)
  thread:set("first", thread_number * 100000000)
  thread_number = thread_number + 1
end

local count = 0
local headers = { ["Content-Type"] = "application/json" }
function request()
  count = count + 1
  local number = tostring(first + count)
  local body = table.concat(pieces, number) .. number .. tail
  return wrk.format("POST", "/v1/webhooks/alertmanager", headers, body)
end

function done(summary, latency)
  io.write(string.format(
    "RESULT requests=%d seconds=%.3f errors=%d non2xx=%d p50=%.3f p99=%.3f\n",
    summary.requests, summary.duration / 1e6,
    summary.errors.connect + summary.errors.read + summary.errors.write
      + summary.errors.timeout,
    summary.errors.status,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
