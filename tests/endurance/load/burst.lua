-- Replays signed texts, each of them once. The file has one a line: the signature, a space, the form.
-- Arguments: the file, and for how many seconds to send. After that nothing more is sent, so that
-- everything that was sent has its answer when wrk ends.

local ffi = require("ffi")
ffi.cdef("typedef struct { long seconds; long nanoseconds; } timespec_t; int clock_gettime(int, timespec_t *);")
local spec = ffi.new("timespec_t")

local function now()
   ffi.C.clock_gettime(1, spec)
   return tonumber(spec.seconds) + tonumber(spec.nanoseconds) / 1e9
end

local head = "POST /twilio/sms HTTP/1.1\r\nHost: relay.example.com\r\n"
   .. "Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\nUser-Agent: TwilioProxy/1.1\r\n"
   .. "Accept: */*\r\nX-Twilio-Signature: "
local texts, seconds, ends, first

-- Global, for done() to read it.
sent = 0

function init(args)
   texts = assert(io.open(args[1], "r"))
   seconds = tonumber(args[2])
end

function setup(thread)
   only = thread
end

function delay()
   ends = ends or now() + seconds
   return now() < ends and 0 or 3600 * 1000
end

local function next_request()
   local line = assert(texts:read("*l"), "there are not enough signed texts: make more of them")
   local space = line:find(" ", 1, true)
   local form = line:sub(space + 1)
   return head .. line:sub(1, space - 1) .. "\r\nContent-Length: " .. #form .. "\r\n\r\n" .. form
end

function request()
   -- wrk asks once before it begins, to see whether the request is a good one.
   if not first then
      first = next_request()
      return first
   end
   if first ~= "" then
      local request = first
      first = ""
      sent = sent + 1
      return request
   end
   sent = sent + 1
   return next_request()
end

function done(summary, latency, requests)
   local errors = summary.errors
   io.write("result")
   io.write(" sent=", only:get("sent"))
   io.write(" answered=", summary.requests)
   io.write(" refused=", errors.status)
   io.write(" broken=", errors.connect + errors.read + errors.write + errors.timeout)
   for _, p in ipairs({ 50, 90, 99, 99.9 }) do
      io.write(" p", p, "=", latency:percentile(p))
   end
   io.write(" max=", latency.max, "\n")
end
