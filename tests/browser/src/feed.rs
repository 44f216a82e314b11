//! A marketplace's product feed: one CSV file on a web server.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// A server that answers every request with the same file.
pub struct Feed {
    /// Where the file is.
    pub url: String,
    server: tokio::task::JoinHandle<()>,
}

impl Feed {
    /// Serves a file.
    pub async fn serve(csv: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/feed.csv", listener.local_addr().unwrap());
        let server = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut head = Vec::new();
                let mut chunk = [0; 1024];
                while !head.ends_with(b"\r\n\r\n") {
                    match stream.read(&mut chunk).await {
                        Ok(read) if read > 0 => head.extend_from_slice(&chunk[..read]),
                        _ => break,
                    }
                }
                let answer = format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: text/csv\r\ncontent-length: {}\r\n\
                     connection: close\r\n\r\n{csv}",
                    csv.len()
                );
                // A client that has gone is its own affair.
                let _sent = stream.write_all(answer.as_bytes()).await;
            }
        });
        Self { url, server }
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.server.abort();
    }
}
