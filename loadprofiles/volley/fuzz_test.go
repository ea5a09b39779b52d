package volley

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"redpacket/loadprofiles"
	"redpacket/system/api"
)

// heard is what one answer says, as text, so that it outlives the buffer.
func heard(a answer) string {
	code, err := a.code(api.Claim)
	order, fen, ok := a.share()
	return fmt.Sprintf("%d %s %q %s %v %d %d %t %s", a.status, a.wait, a.body, code, err, order, fen, ok, a.spread())
}

// inPieces reads a stream of answers as a connection does, n bytes at a time; broken says that it ended with no answer.
func inPieces(stream []byte, n int) (all []string, broken bool) {
	var have []byte
	for len(stream) > 0 {
		n = min(n, len(stream))
		have, stream = append(have, stream[:n]...), stream[n:]
		for {
			a, size, err := cutAnswer(have)
			if err != nil {
				return all, true
			}
			if size == 0 {
				break
			}
			all = append(all, heard(a))
			have = have[size:]
		}
		if len(have) > maxHead+maxBody {
			return append(all, "without an end"), true
		}
	}
	return all, false
}

// FuzzAnswersInPieces: the answers of a stream, and whether it is broken, do not depend on where it was cut on its way.
func FuzzAnswersInPieces(f *testing.F) {
	one := "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 47\r\n\r\n" + `{"code":"ok","order":"281474976710657","fen":20}`
	shed := "HTTP/1.1 503 Busy\r\nRetry-After: 2\r\nContent-Length: 31\r\n\r\n" + `{"code":"busy","spread_ms":4000`
	f.Add([]byte(one+shed+one), 5)
	f.Add([]byte(shed+"HTTP/1.1 100 Continue\r\n\r\n"+one), 1)
	f.Add([]byte("HTTP/1.1 200 OK\r\n"+strings.Repeat("X: "+strings.Repeat("y", 500)+"\r\n", 18)+"Content-Length: 0\r\n\r\n"), 1000)
	f.Add([]byte("HTTP/1.1 200 OK\nContent-Length: 2\n\nokHTTP/1.1 200"), 3)
	f.Fuzz(func(t *testing.T, stream []byte, n int) {
		if len(stream) > 1<<15 {
			return
		}
		whole, broken := inPieces(stream, len(stream)+1)
		split, brokenToo := inPieces(stream, max(1, n))
		if broken != brokenToo || !slices.Equal(whole, split) {
			t.Fatalf("in pieces of %d:\n got %q, %t\nwant %q, %t", n, split, brokenToo, whole, broken)
		}
	})
}

// FuzzWorkerSays: what a worker writes, line by line, is read as its messages until one is no message or an error; a
// message that was read is written and read as the same.
func FuzzWorkerSays(f *testing.F) {
	var said bytes.Buffer
	say := speaker{to: json.NewEncoder(&said)}
	say.message(message{Progress: &Progress{At: time.Second, Launched: 7, Outcomes: [api.Outcomes]uint64{1, 2}}})
	say.message(message{Yield: &loadprofiles.Yield{Owed: 9, Stream: "00ff", Began: time.Unix(1_700_000_000, 5).UTC()}})
	f.Add(said.Bytes())
	f.Add([]byte(`{"error":"no"}` + "\n" + `{"addr":"x"}`))
	f.Add([]byte("{}\n\nnull\npanic: x\n"))
	f.Add(bytes.Repeat([]byte("a"), 70_000))
	f.Fuzz(func(t *testing.T, text []byte) {
		w := worker{lines: bufio.NewScanner(bytes.NewReader(text)), stderr: &tail{}}
		for lines := 0; ; lines++ {
			m, err := w.next()
			if err != nil {
				if err.Error() == "" && m.Error != "" {
					t.Fatal("an error without a word")
				}
				return
			}
			if lines > bytes.Count(text, []byte("\n")) {
				t.Fatalf("%d messages in %q", lines+1, text)
			}
			var again bytes.Buffer
			(&speaker{to: json.NewEncoder(&again)}).message(m)
			reader := worker{lines: bufio.NewScanner(&again), stderr: &tail{}}
			reader.lines.Buffer(nil, 1<<20)
			if back, err := reader.next(); err != nil || !reflect.DeepEqual(back, m) {
				t.Fatalf("%+v is written, and read as %+v, %v", m, back, err)
			}
		}
	})
}

// FuzzJob: a job that a worker takes can be handed on: it is the same job, and asks for the same stream of clicks.
func FuzzJob(f *testing.F) {
	text, err := json.Marshal(Job{Profile: loadprofiles.Night200k(time.Second), Scale: 0.1, Seed: 7, Front: "127.0.0.1:1",
		Key: testKey, Dir: "x", Cores: "0-2,5", Tag: "night-1"})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(strings.Replace(string(text), `"Tag":"night-1"`, `"Tag":"x\r\nHost: y"`, 1)))
	f.Add([]byte(`{"Scale":0.1,"Profile":{}}`))
	f.Add([]byte(`{"Scale":1e999}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		job, err := readJob(text)
		if err != nil {
			return
		}
		again, err := json.Marshal(job)
		if err != nil {
			t.Fatal(err)
		}
		back, err := readJob(again)
		if err != nil || !reflect.DeepEqual(back, job) {
			t.Fatalf("%+v is written, and read as %+v, %v", job, back, err)
		}
		one, two := job.Profile.Scaled(job.Scale).Crowd(job.Seed), back.Profile.Scaled(back.Scale).Crowd(back.Seed)
		for n := range uint64(3) {
			if one.Click(n+1) != two.Click(n+1) {
				t.Fatalf("click %d is %+v, and %+v when the job was handed on", n+1, one.Click(n+1), two.Click(n+1))
			}
		}
		if r := newRequests(job.Tag); bytes.Count(r.static(nil, 0), []byte("\r\n")) > 4 {
			t.Fatalf("the tag %q is more than one header", job.Tag)
		}
	})
}

// FuzzCores: a list of cores that is taken names cores there can be, and their plain list is taken as the same.
func FuzzCores(f *testing.F) {
	for _, list := range []string{"", "1", "0-2,5", "5,5,1-1", "0-1023,0-1023", "1,,2", "+1", "01"} {
		f.Add(list)
	}
	f.Fuzz(func(t *testing.T, list string) {
		cores, err := parseCores(list)
		if err != nil {
			return
		}
		var words []string
		for _, core := range cores {
			if core < 0 || core > maxCore {
				t.Fatalf("%q names core %d", list, core)
			}
			words = append(words, strconv.Itoa(core))
		}
		again, err := parseCores(strings.Join(words, ","))
		if err != nil || !slices.Equal(again, cores) || len(cores) > maxCore+1 {
			t.Fatalf("%q names %d cores; their list is read as %d, %v", list, len(cores), len(again), err)
		}
	})
}
