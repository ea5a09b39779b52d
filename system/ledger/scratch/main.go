package main
import ("context";"fmt";"time";"sync";"sync/atomic"
"redpacket/system/api";"redpacket/system/books";"redpacket/system/ledger";"redpacket/system/ledger/ledgertest")
const dsn="postgres://redpacket@127.0.0.1:54329/redpacket?sslmode=disable"
func main(){
 ctx:=context.Background()
 s:=time.Now()
 fmt.Println("behaves:",ledgertest.Behaves(ctx,dsn),time.Since(s))
 l,err:=ledger.Open(ctx,dsn); if err!=nil{panic(err)}
 for _,size:=range []int{200,2000}{
 var n atomic.Int64; var wg sync.WaitGroup; end:=time.Now().Add(2*time.Second); var next atomic.Int64
 if size==200 {next.Store(0)} else {next.Store(5e6)}
 for range 2 { wg.Add(1); go func(){defer wg.Done(); for time.Now().Before(end){ b:=next.Add(int64(size)); g:=make([]api.Grant,size); for i:=range g{ k:=uint64(b)+uint64(i); g[i]=api.Grant{Order:api.OrderOf(1,api.Gift(k%20),uint32(k)),User:api.User(k*2654435761),Fen:2000,Server:1}}
  r,err:=l.Deliver(ctx,g); if err!=nil{panic(err)}; if r[0]!=ledger.Delivered {panic(r[0])}; n.Add(int64(size))}}() }
 wg.Wait(); fmt.Println("deliver rows/s, batch",size,n.Load()/2)
 }
 s=time.Now(); k:=0
 err=ledger.Books(ctx,dsn,func(books.Entry)error{k++;return nil}); fmt.Println("books",k,err,time.Since(s))
}
