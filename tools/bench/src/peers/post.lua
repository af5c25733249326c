-- wrk script: POSTs prepared resources and counts what is answered.
-- Arguments: FILE TOKEN COUNT SECONDS SALT
-- FILE has one request a line: path, body up to the resource's name, the name, rest of the body, with
-- tabs between them. It ends with COUNT answers or after SECONDS, whatever comes first. With SALT 0 the
-- first pass over the file sends the names as they are; all others get names that are told apart by SALT.
-- Prints {"created":N,"other":N,"status":S,"seconds":T}: answers 201, any other, the first other's status.

local ffi = require("ffi")
ffi.cdef([[
  struct bench_time { long seconds; long nanoseconds; };
  int clock_gettime(int clock, struct bench_time *time);
]])
local MONOTONIC = 1
local time = ffi.new("struct bench_time")

local function now()
  ffi.C.clock_gettime(MONOTONIC, time)
  return tonumber(time.seconds) + tonumber(time.nanoseconds) / 1e9
end

local lines, count, limit, salt = {}, 0, 0, 0
local tried, started, sent = false, nil, 0
local created, other, status = 0, 0, 0

function init(args)
  local token
  token, count, limit, salt = args[2], tonumber(args[3]), tonumber(args[4]), tonumber(args[5])
  local headers = "Host: " .. wrk.host .. ":" .. wrk.port
    .. "\r\nAuthorization: Bearer " .. token
    .. "\r\nContent-Type: application/json\r\nContent-Length: "
  for line in io.lines(args[1]) do
    local path, head, name, tail = line:match("^([^\t]*)\t([^\t]*)\t([^\t]*)\t([^\t]*)$")
    local length = #head + #name + #tail
    lines[#lines + 1] = {
      head = "POST " .. path .. " HTTP/1.1\r\n" .. headers .. length .. "\r\n\r\n" .. head,
      name = name,
      tail = tail,
    }
  end
end

function request()
  local n = sent
  -- wrk asks for one request to look at, which it does not send.
  if tried then sent = sent + 1 else tried = true end
  started = sent == 1 and now() or started
  local line = lines[n % #lines + 1]
  local name = line.name
  -- As long as the UUID that it stands for, so that the length of the body stays.
  if salt > 0 or n >= #lines then name = name:sub(1, 19) .. string.format("%04x-%012x", salt, n) end
  return line.head .. name .. line.tail
end

function response(code)
  if code == 201 then
    created = created + 1
  else
    other = other + 1
    if status == 0 then status = code end
  end
  local seconds = now() - started
  if created + other < count and seconds < limit then return end
  io.write(string.format('{"created":%d,"other":%d,"status":%d,"seconds":%.6f}\n', created, other, status, seconds))
  io.flush()
  os.exit(0)
end

function done()
  io.stderr:write("wrk came to its end before the requests did\n")
  os.exit(1)
end
