//! A program as a [`Network`]: one pass at a time, texts in groups, vectors back in order.

use std::sync::{Mutex, PoisonError};

use candle_core::Device as Machine;

use super::Device;
use super::batch::{Batch, groups};
use super::bert::Bert;
use super::decoder::Decoder;
use super::machine::{self, Failure};
use super::program::Program;
use crate::encode::bert::BertConfig;
use crate::encode::model::{Architecture, Folder, Network, Shape, Tokens, Weights};
use crate::error::Result;

/// Tokens of a pass: some groups, so that texts of near lengths are found for each.
const PASS_TOKENS: usize = 32_768;

/// A model whose weights are on a device.
pub(super) struct Tensors {
    name: String,
    device: Device,
    machine: Machine,
    program: Box<dyn Program>,
    /// Whose pass it is. Threads share the device's memory and the workspace of its matrix products.
    turn: Mutex<()>,
}

impl Tensors {
    /// Finds the device and brings every tensor to it.
    pub(super) fn open(
        device: Device,
        architecture: Architecture,
        folder: &Folder,
        weights: &Weights,
    ) -> Result<Tensors> {
        let machine = machine::find(device).map_err(|detail| folder.error(detail))?;
        let program = || -> Result<Box<dyn Program>, Failure> {
            let program: Box<dyn Program> = match architecture {
                Architecture::Bert | Architecture::Mpnet => {
                    let config = BertConfig::open(folder, architecture)?;
                    Box::new(Bert::open(config, weights, &machine)?)
                }
                _ => Box::new(Decoder::open(folder, architecture, weights, &machine)?),
            };
            // Other threads do not wait for what this one has begun.
            machine.synchronize()?;
            Ok(program)
        };
        let program = program().map_err(|failure| failure.of(device, folder.name()))?;
        let name = folder.name().to_owned();
        Ok(Tensors { name, device, machine, program, turn: Mutex::new(()) })
    }

    fn run(
        &self,
        texts: &[Tokens],
        states: &mut [f32],
        proceed: &dyn Fn() -> Result<()>,
    ) -> Result<(), Failure> {
        let width = self.shape().dimension;
        let mut starts = Vec::with_capacity(texts.len());
        let mut tokens = 0;
        for text in texts {
            starts.push(tokens * width);
            tokens += text.ids.len();
        }
        let next_layer = || {
            // Operations are begun far ahead of the device: without waiting for it, all layers would
            // be on their way before `proceed` could say no.
            self.machine.synchronize()?;
            Ok(proceed()?)
        };
        for group in groups(texts) {
            let batch =
                Batch::new(group.iter().map(|place| &texts[*place]).collect(), &self.machine);
            let all = self.program.run(&batch, &next_layer)?.flatten_all()?.to_vec1::<f32>()?;
            for (place, rows) in group.into_iter().zip(all.chunks(batch.length * width)) {
                let count = texts[place].ids.len() * width;
                states[starts[place]..][..count].copy_from_slice(&rows[..count]);
            }
        }
        Ok(())
    }
}

impl Network for Tensors {
    fn shape(&self) -> Shape {
        self.program.shape()
    }

    fn signature(&self) -> String {
        self.program.signature()
    }

    fn pass_tokens(&self) -> usize {
        PASS_TOKENS
    }

    fn forward(
        &self,
        texts: &[Tokens],
        states: &mut Vec<f32>,
        proceed: &dyn Fn() -> Result<()>,
    ) -> Result<()> {
        // A pass that panicked has left nothing behind.
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let tokens: usize = texts.iter().map(|text| text.ids.len()).sum();
        states.clear();
        states.resize(tokens * self.shape().dimension, 0.0);
        self.run(texts, states, proceed).map_err(|failure| failure.of(self.device, &self.name))
    }
}
