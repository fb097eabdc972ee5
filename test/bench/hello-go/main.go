// Answers every request with "hello from go": the least that a handler can do in a language with a runtime of its own. The canonical ABI is
// written by hand, as the toolchain has no bindings for Go.
package main

import "unsafe"

var (
	greeting = []byte("hello from go\n")
	kept     = map[*byte][]byte{}
	result   [3]uint32
)

//go:wasmexport cabi_import_realloc
func realloc(_ unsafe.Pointer, _, _, size uint32) unsafe.Pointer {
	bytes := make([]byte, max(size, 1))
	kept[&bytes[0]] = bytes
	return unsafe.Pointer(&bytes[0])
}

//go:wasmimport wasi:http/types@0.2.12 [constructor]fields
func newFields() uint32

//go:wasmimport wasi:http/types@0.2.12 [constructor]outgoing-response
func newResponse(headers uint32) uint32

//go:wasmimport wasi:http/types@0.2.12 [method]outgoing-response.body
func responseBody(response uint32, result unsafe.Pointer)

//go:wasmimport wasi:http/types@0.2.12 [method]outgoing-body.write
func bodyWrite(body uint32, result unsafe.Pointer)

//go:wasmimport wasi:http/types@0.2.12 [static]outgoing-body.finish
func bodyFinish(body, hasTrailers, trailers uint32, result unsafe.Pointer)

//go:wasmimport wasi:http/types@0.2.12 [static]response-outparam.set
func respond(out, isError, response, _ uint32, _ uint64, _, _, _, _ uint32)

//go:wasmimport wasi:http/types@0.2.12 [resource-drop]incoming-request
func dropRequest(request uint32)

//go:wasmimport wasi:io/streams@0.2.12 [method]output-stream.blocking-write-and-flush
func streamWrite(stream uint32, bytes unsafe.Pointer, length uint32, result unsafe.Pointer)

//go:wasmimport wasi:io/streams@0.2.12 [resource-drop]output-stream
func dropStream(stream uint32)

//go:wasmexport wasi:http/incoming-handler@0.2.12#handle
func handle(request, out uint32) {
	dropRequest(request)
	response := newResponse(newFields())
	responseBody(response, unsafe.Pointer(&result))
	body := result[1]
	respond(out, 0, response, 0, 0, 0, 0, 0, 0)
	bodyWrite(body, unsafe.Pointer(&result))
	stream := result[1]
	streamWrite(stream, unsafe.Pointer(&greeting[0]), uint32(len(greeting)), unsafe.Pointer(&result))
	dropStream(stream)
	var finished [40]byte
	bodyFinish(body, 0, 0, unsafe.Pointer(&finished))
}

func main() {}
