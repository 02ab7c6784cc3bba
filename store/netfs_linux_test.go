package store

import (
	"strings"
	"syscall"
	"testing"
)

func TestOpen_RefusesNetworkFileSystems(t *testing.T) {
	dir := t.TempDir()
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		t.Fatal(err)
	}
	if networkFS(dir) != "" {
		t.Skip("the tests run on a network file system")
	}
	networkTypes[uint32(s.Type)] = "TestFS"
	defer delete(networkTypes, uint32(s.Type))
	if _, err := Open(dir+"/x.db", Options{}); err == nil || !strings.Contains(err.Error(), "TestFS") || !strings.Contains(err.Error(), "-allow-network-fs") {
		t.Errorf("got %v", err)
	}
	db, err := Open(dir+"/x.db", Options{AllowNetworkFS: true})
	if err != nil {
		t.Fatal(err)
	}
	db.Close()
}
